"""Static files under a name with a hash of what is in them, compressed beforehand."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    # A module that imports another by its plain name gets the hashed one.
    support_js_module_import_aggregation = True
