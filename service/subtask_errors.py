"""What a caller can be told of tasks, their subtasks and their projects: another one is in the way, or is not there.

FailedPrecondition
|-- ReferenceNotFound      a project or a parent task that does not exist or is deleted
|-- LiveChildren           deleting a task that has living subtasks
|-- OpenChildren           completing a task that has open subtasks
|-- ParentCompleted        an open task below a completed one
|-- Cycle                  a task below itself
`-- TooDeep                a task below the last level
"""

from service.errors import FailedPrecondition


class ReferenceNotFound(FailedPrecondition):
    """What a field of the request names, and not its parent: the reason is the same, the code another."""

    reason = "PARENT_NOT_FOUND"


class LiveChildren(FailedPrecondition):
    reason = "LIVE_CHILDREN"


class OpenChildren(FailedPrecondition):
    reason = "OPEN_CHILDREN"


class ParentCompleted(FailedPrecondition):
    reason = "PARENT_COMPLETED"


class Cycle(FailedPrecondition):
    reason = "CYCLE"


class TooDeep(FailedPrecondition):
    reason = "TOO_DEEP"
