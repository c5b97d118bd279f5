"""A TCP proxy on loopback that simulates network failures."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Literal, Self

__all__ = ["Mode", "Proxy"]

Mode = Literal["pass", "refuse", "hang", "delay", "error"]
COMMIT = b"COMMIT\x00"  #: as psycopg sends it to PostgreSQL
INTERNAL_ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """Forwards connections to ``port``; ``mode`` selects the failure.

    refuse: open connections are cut and new ones closed at once. hang: no data passes. delay: each packet is delayed
    by ``seconds``. error: every HTTP request is answered with status 500.
    """

    def __init__(self, port: int, seconds: float = 0.0) -> None:
        self._target = ("127.0.0.1", port)
        self._mode: Mode = "pass"
        self.seconds = seconds
        self.n_connections = 0
        self.n_commits = 0  #: that PostgreSQL was asked for
        self._lost: tuple[int, str] | None = None  # number and part of the commit to lose
        self._mute: set[socket.socket] = set()  # servers that were asked for the commit whose answer is lost
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "refuse":
            self.cut()

    def cut(self) -> None:
        """Break all open connections; new ones are accepted."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def lose_commit(self, number: int, *, part: Literal["question", "answer"]) -> None:
        """Cut the connection at this commit, counted from 0: before the server gets it, or before its answer passes."""
        self.n_commits, self._lost = 0, (number, part)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.n_connections += 1
                if self._mode == "refuse":
                    client.close()
                else:
                    threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            both = {client, server}
            self._open |= both
            back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
            back.start()
            self._pump(client, server)
            back.join()
            self._open -= both

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._spoil(source, sink, data)
                while self._mode == "hang":
                    time.sleep(0.05)
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _spoil(self, source: socket.socket, sink: socket.socket, data: bytes) -> None:
        if source in self._mute:
            self._mute.remove(source)
            raise ConnectionAbortedError
        if COMMIT in data:
            number, self.n_commits = self.n_commits, self.n_commits + 1
            if self._lost == (number, "question"):
                raise ConnectionAbortedError
            if self._lost == (number, "answer"):
                self._mute.add(sink)
        if self._mode == "delay":
            time.sleep(self.seconds)
        if self._mode == "error" and data.startswith((b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ")):
            source.sendall(INTERNAL_ERROR)
            raise ConnectionAbortedError
