"""What an admin keeps for the planner: rules of consent by country, reasons of overrides."""

from django.contrib import admin

from planner.agreed import ConsentRule
from planner.models import OverrideReason

KEEPER = "catalogue.edit_catalogue"


class KeptRows(admin.ModelAdmin):
    """Rows kept by whoever keeps the catalogue; the plans themselves are nobody's to edit here."""

    def has_module_permission(self, request):
        return request.user.has_perm(KEEPER)

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm(KEEPER)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


@admin.register(ConsentRule)
class ConsentRuleAdmin(KeptRows):
    list_display = ("__str__", "cooling_off_days", "guardian_under", "quote_days", "verification")
    list_filter = ("country", "verification")
    search_fields = ("country", "note", "source")


@admin.register(OverrideReason)
class OverrideReasonAdmin(KeptRows):
    list_display = ("words", "code", "system", "position", "withdrawn")

    def has_delete_permission(self, request, obj=None):
        """A reason is withdrawn, never deleted: signed steps name it."""
        return False
