"""Who may do what, and which door each page stands behind. Two tables, and nothing else decides."""

from django.db import models


class Role(models.TextChoices):
    CLINICIAN = "clinician", "Clinician"
    FRONT_DESK = "front_desk", "Front desk"
    CATALOGUE_ADMIN = "catalogue_admin", "Catalogue admin"
    OWNER = "owner", "Owner"


CLINICIAN, FRONT_DESK, CATALOGUE_ADMIN, OWNER = Role
EVERYBODY = frozenset(Role)

# An owner reads no clinical record and a catalogue admin meets no patient, unless they hold a
# second role as well.
ROLES = {
    "pages.today": EVERYBODY,
    "patients.view_patient": {CLINICIAN, FRONT_DESK},
    "patients.register_patient": {CLINICIAN, FRONT_DESK},
    "patients.change_patient": {CLINICIAN, FRONT_DESK},
    "patients.record_history": {CLINICIAN, FRONT_DESK},
    "patients.view_assessment": {CLINICIAN},
    "patients.log_assessment": {CLINICIAN},
    "patients.sign_assessment": {CLINICIAN},
    "patients.view_photo": {CLINICIAN},
    "planner.view_plan": {CLINICIAN, FRONT_DESK},  # the front desk: approved ones
    "planner.suggest_plan": {CLINICIAN},
    "planner.edit_plan": {CLINICIAN},
    "planner.approve_plan": {CLINICIAN},
    "planner.take_agreement": {CLINICIAN},
    "scheduling.view_calendar": {CLINICIAN, FRONT_DESK},
    "scheduling.book": {CLINICIAN, FRONT_DESK},
    "scheduling.change_appointment": {CLINICIAN, FRONT_DESK},
    "scheduling.override_window": {CLINICIAN},
    "scheduling.record_adverse_event": {CLINICIAN},
    "scheduling.check_house": {CLINICIAN},
    "scheduling.manage_resources": {CATALOGUE_ADMIN, OWNER},
    "scheduling.record_absence": {FRONT_DESK, CATALOGUE_ADMIN, OWNER},
    "scheduling.view_outcomes": {CLINICIAN, OWNER},
    "letters.view_messages": {CLINICIAN, FRONT_DESK},
    "letters.send_messages": {CLINICIAN, FRONT_DESK},
    "letters.edit_words": {CATALOGUE_ADMIN, OWNER},
    "letters.own_feed": {CLINICIAN},
    "catalogue.view_catalogue": EVERYBODY,
    "catalogue.edit_catalogue": {CATALOGUE_ADMIN},
    "catalogue.publish_catalogue": {CATALOGUE_ADMIN},
    "staff.manage_users": {OWNER},
    "staff.change_clinic": {OWNER},
    "staff.view_audit": {OWNER},
}

PUBLIC = "anybody, signed in or not"
ANY_ROLE = "anybody signed in"
NOBODY = "nobody: the library brings this page and the clinic does not use it"

# The address of a page, by its name, and the permission that opens it. A page that is not here is
# closed. A name that ends in "*" stands for all that begin so and have no line of their own.
DOORS = {
    # sign-in (django-allauth)
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_change_password": ANY_ROLE,
    "account_reauthenticate": NOBODY,
    "account_signup": NOBODY,
    "account_email": NOBODY,
    "account_email_verification_sent": NOBODY,
    "account_confirm_email": NOBODY,
    "account_set_password": NOBODY,
    "account_confirm_login_code": NOBODY,
    # staff
    "staff:join": PUBLIC,
    "staff:profile": ANY_ROLE,
    "staff:awake": ANY_ROLE,
    "staff:lock": ANY_ROLE,
    "staff:unlock": PUBLIC,  # the overlay of a page whose session is over
    "staff:users": "staff.manage_users",
    "staff:invite": "staff.manage_users",
    "staff:user": "staff.manage_users",
    "staff:reinvite": "staff.manage_users",
    "staff:withdraw": "staff.manage_users",
    "staff:deactivate": "staff.manage_users",
    # catalogue
    "catalogue:home": "catalogue.view_catalogue",
    "catalogue:treatments": "catalogue.view_catalogue",
    "catalogue:treatment": "catalogue.view_catalogue",
    "catalogue:pairs": "catalogue.view_catalogue",
    "catalogue:safety": "catalogue.view_catalogue",
    "catalogue:questions": "catalogue.view_catalogue",
    "catalogue:scales": "catalogue.view_catalogue",
    "catalogue:protocols": "catalogue.view_catalogue",
    "catalogue:policies": "catalogue.view_catalogue",
    "catalogue:sources": "catalogue.view_catalogue",
    "catalogue:source": "catalogue.view_catalogue",
    "catalogue:unverified": "catalogue.view_catalogue",
    "catalogue:exchange": "catalogue.edit_catalogue",
    "catalogue:exchange_confirm": "catalogue.edit_catalogue",
    "catalogue:export": "catalogue.edit_catalogue",
    "catalogue:clinic": "staff.change_clinic",
    # patients
    "patients:list": "patients.view_patient",
    "patients:register": "patients.register_patient",
    "patients:patient": "patients.view_patient",
    "patients:edit": "patients.change_patient",
    "patients:wishes": "patients.change_patient",
    "patients:history": "patients.record_history",
    "patients:history_confirm": "patients.record_history",
    "patients:previous": "patients.record_history",
    "patients:previous_edit": "patients.record_history",
    "patients:previous_remove": "patients.record_history",
    "patients:photos": "patients.view_photo",
    "patients:photo": "patients.view_photo",
    "patients:thumbnail": "patients.view_photo",
    "patients:photo_withdraw": "patients.view_photo",
    "patients:photo_consent": "patients.view_photo",
    "patients:consent_withdraw": "patients.view_photo",
    "patients:compare": "patients.view_photo",
    "patients:reported": "patients.log_assessment",
    "patients:reported_withdraw": "patients.log_assessment",
    "patients:follow_up": "patients.log_assessment",
    "patients:timeline": "patients.view_assessment",
    "patients:regions": "patients.view_assessment",
    "patients:paper": "patients.view_assessment",
    "patients:paper_pdf": "patients.view_assessment",
    "patients:hand_over": "patients.record_history",
    "patients:pad": "patients.record_history",
    "patients:pad_done": "patients.record_history",
    "patients:pad_back": "patients.record_history",
    "patients:start": "patients.log_assessment",
    "patients:assessment": "patients.view_assessment",
    "patients:assessment_chart": "patients.view_assessment",
    "patients:guide": "patients.log_assessment",
    "patients:log": "patients.log_assessment",
    "patients:entry": "patients.log_assessment",
    "patients:undo": "patients.log_assessment",
    "patients:redo": "patients.log_assessment",
    "patients:bedside": "patients.log_assessment",
    "patients:discard": "patients.log_assessment",
    "patients:finding": "patients.log_assessment",
    "patients:finding_remove": "patients.log_assessment",
    "patients:finding_detail": "patients.log_assessment",
    "patients:finding_mirror": "patients.log_assessment",
    "patients:mark": "patients.log_assessment",
    "patients:mark_remove": "patients.log_assessment",
    "patients:mark_mirror": "patients.log_assessment",
    "patients:sign": "patients.sign_assessment",
    "patients:correct": "patients.sign_assessment",
    # planner
    "planner:plans": "planner.view_plan",
    "planner:plan": "planner.view_plan",
    "planner:suggest": "planner.suggest_plan",
    "planner:suggestion": "planner.suggest_plan",
    "planner:face": "planner.suggest_plan",
    "planner:choose": "planner.edit_plan",
    "planner:edit": "planner.edit_plan",
    "planner:lit": "planner.view_plan",
    "planner:take_back": "planner.edit_plan",
    "planner:propose": "planner.edit_plan",
    "planner:approve": "planner.approve_plan",
    "planner:reject": "planner.approve_plan",
    "planner:discontinue": "planner.approve_plan",
    "planner:documents": "planner.view_plan",
    "planner:plan_paper": "planner.view_plan",
    "planner:plan_pdf": "planner.view_plan",
    "planner:consent_paper": "planner.view_plan",
    "planner:consent_pdf": "planner.view_plan",
    "planner:care_paper": "planner.view_plan",
    "planner:care_pdf": "planner.view_plan",
    "planner:agreement": "planner.take_agreement",
    "planner:withdraw": "planner.take_agreement",
    "planner:quote": "planner.take_agreement",
    "planner:revise": "planner.edit_plan",
    "planner:difference": "planner.view_plan",
    "planner:review": "planner.approve_plan",
    # scheduling
    "scheduling:day": "scheduling.view_calendar",
    "scheduling:week": "scheduling.view_calendar",
    "scheduling:appointment": "scheduling.view_calendar",
    "scheduling:menu": "scheduling.view_calendar",
    "scheduling:missing": "scheduling.view_calendar",
    "scheduling:pinboard": "scheduling.change_appointment",
    "scheduling:openings": "scheduling.book",
    "scheduling:to_book": "scheduling.book",
    "scheduling:book_plan": "scheduling.book",
    "scheduling:new_visit": "scheduling.book",
    "scheduling:change_state": "scheduling.change_appointment",
    "scheduling:undo": "scheduling.change_appointment",
    "scheduling:cancel": "scheduling.change_appointment",
    "scheduling:move": "scheduling.change_appointment",
    "scheduling:pin": "scheduling.change_appointment",
    "scheduling:to_look_at": "scheduling.change_appointment",
    "scheduling:waiting": "scheduling.book",
    "scheduling:stop_waiting": "scheduling.book",
    "scheduling:wait": "scheduling.book",
    "scheduling:tasks": "scheduling.change_appointment",
    "scheduling:new_task": "scheduling.change_appointment",
    "scheduling:task": "scheduling.change_appointment",
    "scheduling:finish_task": "scheduling.change_appointment",
    "scheduling:hold": "scheduling.book",
    "scheduling:confirm_block": "scheduling.book",
    "scheduling:ask_clinician": "scheduling.book",
    "scheduling:unbook": "scheduling.book",
    "scheduling:cancel_ended": "scheduling.change_appointment",
    "scheduling:charge_plan": "scheduling.book",
    "scheduling:note_gate": "scheduling.change_appointment",
    "scheduling:people": "scheduling.change_appointment",
    "scheduling:confirm_provisional": "scheduling.change_appointment",
    "scheduling:charge_visit": "scheduling.change_appointment",
    "scheduling:freed": "scheduling.book",
    "scheduling:settle_charge": "scheduling.change_appointment",
    "scheduling:clear_mark": "scheduling.change_appointment",
    "scheduling:adverse_events": "scheduling.record_adverse_event",
    "scheduling:adverse_event": "scheduling.record_adverse_event",
    "scheduling:house_checks": "scheduling.check_house",
    "scheduling:kinds": "scheduling.manage_resources",
    "scheduling:kind": "scheduling.manage_resources",
    "scheduling:resources": "scheduling.manage_resources",
    "scheduling:resource": "scheduling.manage_resources",
    "scheduling:new_resource": "scheduling.manage_resources",
    "scheduling:clinic_hours": "scheduling.manage_resources",
    "scheduling:hours": "scheduling.manage_resources",
    "scheduling:new_absence": "scheduling.record_absence",
    "scheduling:end_absence": "scheduling.record_absence",
    # letters
    "letters:outbox": "letters.view_messages",
    "letters:patient": "letters.send_messages",
    "letters:message": "letters.view_messages",
    "letters:again": "letters.send_messages",
    "letters:stop": "letters.send_messages",
    "letters:words": "letters.edit_words",
    "letters:wording": "letters.edit_words",
    "letters:new_reminder": "letters.edit_words",
    "letters:habits": "letters.edit_words",
    "letters:link": "letters.own_feed",
    "letters:feed": PUBLIC,  # whoever holds its secret
    # pages
    "today": "pages.today",
    "chart": "patients.view_patient",
    # Django's admin: the catalogue's tables until they have pages of their own
    "admin:index": "catalogue.edit_catalogue",
    "admin:app_list": "catalogue.edit_catalogue",
    "admin:jsi18n": "catalogue.edit_catalogue",
    "admin:catalogue_*": "catalogue.edit_catalogue",
    "admin:planner_consentrule_*": "catalogue.edit_catalogue",
    "admin:planner_overridereason_*": "catalogue.edit_catalogue",
    "admin:logout": ANY_ROLE,
    "admin:*": NOBODY,
}


def permissions_of(roles) -> frozenset[str]:
    held = set(roles)
    return frozenset(permission for permission, holders in ROLES.items() if holders & held)


def door_of(url_name: str) -> str | None:
    """The permission that opens `url_name`, or None for a page that nobody has thought of."""
    if url_name in DOORS:
        return DOORS[url_name]
    wide = [name for name in DOORS if name.endswith("*") and url_name.startswith(name[:-1])]
    return DOORS[max(wide, key=len)] if wide else None
