"""What the core of gRPC says of each connection in a list: see tests/interop/clients.py."""

import os
import sys
from pathlib import Path

import grpc


def read(path: str) -> bytes | None:
    return Path(path).read_bytes() if path else None


def say(address: str, name: str, ca: str, certificate: str, key: str) -> str:
    credentials = grpc.ssl_channel_credentials(read(ca), read(key), read(certificate))
    options = [("grpc.ssl_target_name_override", name)] if name else []
    make = grpc.secure_channel if ca else lambda at, _, given: grpc.insecure_channel(at, given)
    with make(address, credentials, options) as channel:
        call = channel.unary_unary("/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo")
        try:
            call(b"", timeout=2)
        except grpc.RpcError as error:
            return str(error)
        return "connected"


os.dup2(1, 2)  # its own log belongs to what it says
for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
    sys.stdout.write(f"{say(*line.split(chr(9)))}\0")
    sys.stdout.flush()
