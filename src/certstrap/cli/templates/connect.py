import asyncio
from pathlib import Path

from temporalio.client import Client, TLSConfig


async def connect() -> Client:
    return await Client.connect(
        "ADDRESS",
        namespace="NAMESPACE",
        tls=TLSConfig(
            client_cert=Path("CERTIFICATE").read_bytes(),
            client_private_key=Path("KEY").read_bytes(),
            domain="SERVER_NAME",  # if SERVER_NAME
            server_root_ca_cert=Path("SERVER_CA").read_bytes(),  # if SERVER_CA
        ),
    )


if __name__ == "__main__":
    asyncio.run(connect())
    print("Connected.")
