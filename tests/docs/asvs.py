"""The requirements of OWASP ASVS 5.0, chapters V1, V2, V4, V6 to V9 and V11 to V16: number -> level."""

from __future__ import annotations

# Section by section a digit for each requirement, its level: 2.1 has three, the first of level 1.
_CHAPTERS = {
    1: "22 1111122223 112222222223 222 123",
    2: "122 112 12223 23",
    4: "12233 23333 22 1222",
    6: "122 111111112222 11223333 112233 22222333 2223 33 2222",
    7: "222 1111 22 11222 223 22",
    8: "1233 1123 133 23",
    9: "111 1222",
    11: "2233 22233 11233 1222 23 23 33",
    12: "12233 11 22223",
    13: "2333 222223 2233 1222233",
    14: "22 12223333 122",
    15: "12233 12233 1222222 3333",
    16: "2 22222 2222 222 2223",
}
LEVELS = {
    f"{chapter}.{section}.{number}": level
    for chapter, sections in _CHAPTERS.items()
    for section, levels in enumerate(sections.split(), start=1)
    for number, level in enumerate(levels, start=1)
}
