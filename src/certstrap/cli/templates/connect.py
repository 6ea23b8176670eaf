import asyncio
from pathlib import Path

from temporalio.client import Client, TLSConfig
from temporalio.worker import Worker


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


# Run this beside a worker, which then uses a renewed certificate without a restart.
async def refresh(worker: Worker, seconds: float = 600) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            worker.client = await connect()
        except (OSError, RuntimeError) as error:
            print("The worker keeps its client, as a new one cannot connect:", error)


async def main() -> None:
    try:
        await connect()
        print("Connected.")
    finally:
        # Let the threads of the SDK finish: one that still runs can abort a Python that exits.
        await asyncio.sleep(0.25)


if __name__ == "__main__":
    asyncio.run(main())
