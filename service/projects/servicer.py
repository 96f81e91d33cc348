"""taxiway.v1.ProjectService: decode, run, encode."""

from functools import partial

from persistence.database import Database
from service.idempotency import claim
from service.identity import caller
from service.pagination import PageTokens
from service.projects import convert, deleting, drafts, usecases
from taxiway.v1 import project_service_pb2 as pb


class ProjectServicer:
    """Each method takes the parsed request and answers encoded bytes; errors leave as exceptions."""

    def __init__(self, db: Database, tokens: PageTokens) -> None:
        self._db = db
        self._tokens = tokens

    async def CreateProject(self, request: pb.CreateProjectRequest) -> bytes:
        draft = drafts.draft(request)
        encode = partial(convert.created, draft)
        return await self._db.write(usecases.create_project, caller(), draft, encode, claim(draft))

    async def GetProject(self, request: pb.GetProjectRequest) -> bytes:
        return await self._db.read(usecases.get_project, caller(), convert.key(request), convert.project)

    async def ListProjects(self, request: pb.ListProjectsRequest) -> bytes:
        query = convert.query(request, self._tokens)
        encode = partial(convert.page, query, self._tokens)
        return await self._db.read(usecases.list_projects, caller(), query, encode)

    async def UpdateProject(self, request: pb.UpdateProjectRequest) -> bytes:
        patch = drafts.patch(request)
        return await self._db.write(usecases.update_project, caller(), patch, convert.project, claim(patch))

    async def DeleteProject(self, request: pb.DeleteProjectRequest) -> bytes:
        deletion = convert.deletion(request)
        encode = convert.project_or_name
        return await self._db.write(deleting.delete_project, caller(), deletion, encode, claim(deletion))

    async def UndeleteProject(self, request: pb.UndeleteProjectRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(deleting.undelete_project, caller(), target, convert.project, claim(target))
