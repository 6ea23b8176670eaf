"""A worker for the program that `connect` prints for Python."""

import asyncio
import os

from connect import connect, refresh  # type: ignore[import-not-found] # it is beside this one
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker


@workflow.defn
class Greet:
    @workflow.run
    async def run(self, name: str) -> str:
        return f"Hello, {name}"


async def main() -> None:
    worker = Worker(
        await connect(),
        task_queue=os.environ["QUEUE"],
        workflows=[Greet],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await asyncio.gather(worker.run(), refresh(worker, 0.5))


if __name__ == "__main__":
    asyncio.run(main())
