"""An HTTP server on a free port of the loopback. It prints its port and one where connections are taken and nothing is
ever said; then a line for each request, and for each connection that was closed in the middle of an answer. It ends
with its standard input.

usage: server.py [CERTIFICATE KEY]
"""

import http.server
import os
import socket
import ssl
import sys
import threading
import time


def say(line: str) -> None:
    print(line, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *arguments):
        pass

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        say(f"GET {self.path}")
        match self.path:
            case "/hello":
                self.answer(200, b"hello", Content_Type="text/plain; charset=utf-8")
            case "/bare":
                self.answer(404, b"")
            case "/redirect":
                self.answer(302, b"elsewhere", Location="/hello")
            case "/headers":
                lines = sorted(f"{name.lower()}: {value}" for name, value in self.headers.items())
                self.answer(200, "\n".join(lines).encode("latin-1"))
            case "/1000":
                self.answer(200, b"x" * 1000)
            case "/endless":
                self.begin()
                self.until_closed(b"x" * 1000, pause=0)
            case "/drip":
                self.begin()
                self.until_closed(b"x", pause=0.02)
            case "/silent":
                self.close_connection = True
                self.connection.recv(1)
                say("closed /silent")
            case "/torn":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"x")
                self.close_connection = True
            case "/no-http":
                self.wfile.write(b"220 mail.example ESMTP\r\n")
                self.close_connection = True
            case "/many-headers":
                self.send_response(200)
                for number in range(70):
                    self.send_header(f"X-{number}", "x" * 1000)
                self.end_headers()
                self.close_connection = True

    def begin(self) -> None:
        """An answer without a length, which ends with the connection."""
        self.send_response(200)
        self.end_headers()
        self.close_connection = True

    def until_closed(self, piece: bytes, pause: float) -> None:
        try:
            while True:
                self.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            say(f"closed {self.path}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        say(f"POST {self.path}")
        self.answer(200, body, Content_Type=self.headers["Content-Type"])


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) == 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    # The handshake comes with the first read, on the connection's own thread.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None
threading.Thread(target=server.serve_forever, daemon=True).start()
deaf = socket.create_server(("127.0.0.1", 0))
say(f"{server.server_address[1]} {deaf.getsockname()[1]}")
sys.stdin.read()
os._exit(0)
