"""A line to PostgreSQL that is cut at a COMMIT, before it arrives or before its answer does."""

import contextlib
import select
import socket
import threading


class Line:
    """Hands on what a server and its clients say, and cuts one connection at a COMMIT."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._statement = b""
        self._arrives = True
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, statement: str, *, commit_arrives: bool) -> None:
        """Cut, once, at the COMMIT of a transaction with this statement.

        Where the COMMIT arrives, the server has answered it before the client loses the line.
        """
        self._arrives = commit_arrives
        self._statement = statement.encode()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._address)
                threading.Thread(target=self._hand_on, args=(client, server), daemon=True).start()

    def _hand_on(self, client: socket.socket, server: socket.socket) -> None:
        is_stated = False
        with client, server, contextlib.suppress(OSError):
            while True:
                for source in select.select([client, server], [], [])[0]:
                    told = source.recv(65536)
                    if not told:
                        return
                    if source is server:
                        client.sendall(told)
                        continue
                    is_stated |= bool(self._statement) and self._statement in told
                    if is_stated and b"COMMIT" in told:
                        self._statement = b""
                        self.cuts += 1
                        if self._arrives:
                            server.sendall(told)
                            server.recv(65536)
                        return
                    server.sendall(told)
