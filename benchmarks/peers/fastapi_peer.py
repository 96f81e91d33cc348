"""What a team would write instead: FastAPI, an AsyncSession for each request, pydantic; on the same schema.

`python -m benchmarks.peers.fastapi_peer URL`. As a careful team sets it up: pre-ping, `expire_on_commit=False`, uvloop.
It writes no access log, which is in its favour.
"""

import socket
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from persistence.models import TaskRow
from persistence.url import parse

POOL = 10  # connections, as many as the service has


class TaskIn(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=10_000)
    priority: str = Field("MEDIUM", pattern="^(LOW|MEDIUM|HIGH|URGENT)$")
    due_at: datetime | None = None


class TaskOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    owner_id: uuid.UUID
    id: uuid.UUID
    title: str
    description: str
    state: str
    priority: str
    due_at: datetime | None
    start_at: datetime | None
    complete_at: datetime | None
    created_by: uuid.UUID
    updated_by: uuid.UUID
    created_at: datetime
    updated_at: datetime
    version: int


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]
PageSize = Annotated[int, Query(ge=1, le=1000)]


async def get_task(owner_id: uuid.UUID, task_id: uuid.UUID, session: Session) -> TaskRow:
    task = await session.get(TaskRow, (owner_id, task_id))
    if task is None:
        raise HTTPException(404)
    return task


async def list_tasks(owner_id: uuid.UUID, session: Session, page_size: PageSize = 50) -> list[TaskRow]:
    living = select(TaskRow).where(TaskRow.owner_id == owner_id, TaskRow.deleted_at.is_(None))
    return list(await session.scalars(living.order_by(TaskRow.id.desc()).limit(page_size)))


async def create_task(owner_id: uuid.UUID, draft: TaskIn, session: Session) -> TaskRow:
    task = TaskRow(owner_id=owner_id, id=uuid.uuid4(), created_by=owner_id, updated_by=owner_id, **draft.model_dump())
    session.add(task)
    await session.commit()
    await session.refresh(task)
    return task


def application(url: str) -> FastAPI:
    parsed = parse(url)
    engine = create_async_engine(parsed.url, connect_args=dict(parsed.connect_args), pool_pre_ping=True, pool_size=POOL)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.get("/users/{owner_id}/tasks/{task_id}", response_model=TaskOut)(get_task)
    app.get("/users/{owner_id}/tasks", response_model=list[TaskOut])(list_tasks)
    app.post("/users/{owner_id}/tasks", response_model=TaskOut, status_code=201)(create_task)
    return app


async def serve(url: str) -> None:
    """Prints `listening on HOST:PORT` and serves until SIGTERM."""
    place = socket.create_server(("127.0.0.1", 0), backlog=128)
    config = uvicorn.Config(application(url), log_level="warning", access_log=False)
    # The socket listens already: whoever connects now is answered as soon as the server runs.
    print(f"listening on 127.0.0.1:{place.getsockname()[1]}", flush=True)
    await uvicorn.Server(config).serve(sockets=[place])


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(sys.argv[1]))
