"""Operations of a migration that share one rendering of the models."""

from django.db.migrations.operations.base import Operation


class AtOnce(Operation):
    """Carry out `operations` in their order, on the state that all of them together lead to.

    Django renders a model and its neighbours anew before every single operation; with a few
    hundred tables, constraints and triggers that takes ten times as long as the database does.
    Only for operations that do not depend on each other's state: several `CreateModel`, or
    several of `AddConstraint`, `AddIndex` and `AddTrigger`, but never the two kinds together.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, operations):
        self.operations = operations

    def deconstruct(self):
        return self.__class__.__name__, [self.operations], {}

    def state_forwards(self, app_label, state):
        # A state without rendered models notes each change and renders once, when asked.
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        return "; ".join(operation.describe() for operation in self.operations)
