"""Bootstrap's classes on a field that a template draws by hand."""

from django import forms, template

register = template.Library()


@register.filter
def with_classes(field, size=""):
    """The control of a bound field, as Bootstrap wants it, told to readers when it is refused."""
    select = isinstance(field.field.widget, forms.Select)
    tick = isinstance(field.field.widget, forms.CheckboxInput)
    kind = "form-check-input" if tick else "form-select" if select else "form-control"
    classes = [kind]
    if size and not tick:
        classes.append(f"{kind}-{size}")
    if field.errors:
        classes.append("is-invalid")
    attrs = {"class": " ".join(classes)}
    if field.errors:
        attrs |= {"aria-invalid": "true", "aria-describedby": f"{field.id_for_label}_error"}
    return field.as_widget(attrs=attrs)
