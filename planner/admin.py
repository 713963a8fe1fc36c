"""What an admin keeps for the planner: the rules of consent by country."""

from django.contrib import admin

from planner.agreed import ConsentRule


@admin.register(ConsentRule)
class ConsentRuleAdmin(admin.ModelAdmin):
    list_display = ("__str__", "cooling_off_days", "guardian_under", "verification", "source")
    list_filter = ("country", "verification")
    search_fields = ("country", "note", "source")
