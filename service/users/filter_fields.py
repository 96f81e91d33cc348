"""What a filter of accounts may name."""

from typing import get_args

from service.filtering import Fields, kinds
from service.identity import Role
from service.users.fields import State

USERS = Fields(
    {
        "email": kinds.caseless_text("email_key"),
        "username": kinds.caseless_text("username_key"),
        "state": kinds.enumeration("state", get_args(State)),
        "role": kinds.enumeration("role", get_args(Role)),
    },
    'write `username:"word"`',
)
