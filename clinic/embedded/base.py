"""Django's PostgreSQL backend, whose first connection sees to it that a server runs."""

from django.db.backends.postgresql import base as postgresql

from clinic.embedded.server import PORT, Server


class DatabaseWrapper(postgresql.DatabaseWrapper):
    @property
    def server(self) -> Server:
        settings = self.settings_dict
        return Server(settings["FOLDER"], throw_away=settings.get("THROW_AWAY", False))

    def get_connection_params(self) -> dict:
        """As Django's own, for the socket of a server that runs; the queue's worker asks too."""
        server = self.server
        server.ensure_running()
        place = {"host": str(server.socket_folder), "port": PORT}
        return {**super().get_connection_params(), **place}
