"""Signing in by e-mail and password, and what a signed-in person may do."""

from allauth.account.auth_backends import AuthenticationBackend

from clinic.staff.roles import permissions_of

# Django's admin asks for permissions by table; for the catalogue's tables this one stands in.
TABLES_BY_APP = {"catalogue": "catalogue.edit_catalogue"}
ACTIONS_ON_TABLES = ("add_", "change_", "delete_", "view_")


class RoleBackend(AuthenticationBackend):
    """Permissions come from the roles that a person holds, and from no table of the database."""

    def get_all_permissions(self, user_obj, obj=None) -> frozenset[str]:
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return frozenset()
        return permissions_of(user_obj.roles)

    def has_perm(self, user_obj, perm, obj=None) -> bool:
        held = self.get_all_permissions(user_obj, obj)
        app, _, action = perm.partition(".")
        if perm in held:
            return True
        return action.startswith(ACTIONS_ON_TABLES) and TABLES_BY_APP.get(app) in held

    def has_module_perms(self, user_obj, app_label) -> bool:
        return TABLES_BY_APP.get(app_label) in self.get_all_permissions(user_obj)
