"""What a filter of projects may name."""

from service.filtering import Fields, kinds

PROJECTS = Fields(
    {
        "display_name": kinds.text("display_name"),
        "archived": kinds.boolean("archived"),
        "create_time": kinds.time("created_at"),
        "update_time": kinds.time("updated_at"),
    },
    'write `display_name:"word"`',
)
