"""Long passwords may be chosen, whatever they are made of, unless they are guessed early."""

import pytest

from service.credentials import password_policy
from service.credentials.password_policy import fault

GOOD = "correct horse battery staple"


def refusal(password: str, username: str = "ada.l", email: str | None = "lovelace@example.com") -> str | None:
    return fault(password, username=username, email=email)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        GOOD.replace(" ", ""),
        f" {GOOD} ",
        "purple monkey dishwasher",
        "nine kinds of grey weather",
        "ihavenoideawhatiamdoing",
        "\u65e5\u672c\u306e\u5c71\u9053",  # 15 bytes
        "\U0001f600\U0001f389\U0001f431\U0001f525",  # 16 bytes
        "Tr0ub4dor&3 Tr0ub4dor",
        "J8#vQ2$kL9!mZ5@w",
        "571092834406628",
        "unit of fifteen" * 3,  # as good as the unit
        "winter correct window mother guitar",  # five words of the list
        "\x01\x7f control \r\n\t characters",
    ],
)
def test_a_long_password_of_any_characters_may_be_chosen(password: str) -> None:
    assert refusal(password) is None


@pytest.mark.parametrize(("good", "bad"), [(GOOD[:15], GOOD[:14]), ("x9Q!" * 3 + "ab\u00e9", "x9Q!" * 3 + "ab")])
def test_15_bytes_are_the_least(good: str, bad: str) -> None:
    assert refusal(good) is None
    assert refusal(bad) == "must have 15 to 1024 bytes of UTF-8, not 14"


def test_1024_bytes_are_the_most() -> None:
    longest = "".join(f"{number:x} of " for number in range(0x1000, 0x1080))
    assert len(longest) == 1024
    assert refusal(longest) is None
    assert refusal(longest[:-1] + "\u00e9") == "must have 15 to 1024 bytes of UTF-8, not 1025"


def test_nul_is_refused_before_all_else() -> None:
    for password in ("\x00", GOOD + "\x00"):
        assert refusal(password) == "must not contain U+0000"


@pytest.mark.parametrize(
    "password",
    [
        "1qaz2wsx3edc4rfv",  # in the list as it is
        "PolniyPizdec0211",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff11\uff12\uff13\uff14\uff15\uff16",  # full-width
        "passwordpassword",
        "PasswordPASSWORD",
        "aaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "abcabcabcabcabcab",
        "Xy7!Xy7!Xy7!Xy7!Xy7",
        "\U0001f600" * 4,
        "x" * 1024,
        "correct horse " * 73,  # 14 bytes again and again
        "123456789012345",
        "987654321098765",
        "qwertyuiopasdfgh",
        "QWERTZuiopasdfgh",
        "azertyuiopqsdfgh",
        "lkjhgfdsapoiuytr",
        "abcdefghijklmnopqrstuvwxyz",
        "efghijklmnopqrst",
        "111222333444555666",
        "aabbccddeeffgghh",
        "!@#$%^&*()!@#$%^",
        "password12345678",
        "password19840717",
        "123password!!!!",
        "password" + "." * 30,
        "iloveyou!iloveyou",
        "letmein+password+qwerty",
        "monkeydragonshadow",
        "Summer Holiday 2027",
    ],
)
def test_a_password_that_is_guessed_early_is_refused(password: str) -> None:
    assert "common" in str(refusal(password))


@pytest.mark.parametrize(
    ("username", "email", "password"),
    [
        ("grace.hopper", None, "my name is grace.hopper"),
        ("Grace.Hopper", None, "GRACE.HOPPER found a moth"),
        ("x", "Amazing.Grace@example.com", "amazing.gracefully quiet"),
        ("x", "stra\u00dfe@example.com", "eine lange STRASSE im Regen"),
        ("\uff41\uff44\uff41\uff4d", None, "from adam to zacharias"),
        ("x", '"a@b.c"@example.com', 'ends with "A@B.C" indeed'),
        ("ada", None, "four adapters in a row"),
        ("x", None, "what X marks is a spot"),
        ("jo", None, "little women: Jo, Beth"),
    ],
)
def test_the_accounts_own_names_are_refused_in_any_spelling(username: str, email: str | None, password: str) -> None:
    assert "user name" in str(refusal(password, username, email))
    assert refusal(password, "nobody", "nobody@example.com") is None


def test_a_name_of_two_letters_inside_a_word_and_the_mail_domain_are_no_hindrance() -> None:
    assert refusal("the joke that example.com knew", "jo", "jo@example.com") is None


@pytest.mark.parametrize("password", ["short", "passwordpassword", "grace.hopper rests", "\x00"])
def test_what_is_said_does_not_repeat_the_password(password: str) -> None:
    said = refusal(password, "grace.hopper")
    assert said is not None
    assert said.startswith("must ")
    assert password not in said


def test_the_list_is_what_the_policy_takes_it_for() -> None:
    ranks = password_policy._ranks()
    assert len(ranks) == 30_000
    assert list(ranks.items())[:3] == [("123456", 1), ("password", 2), ("12345678", 3)]
    assert (min(map(len, ranks)), max(map(len, ranks))) == (4, 20)
    assert all(word == word.casefold() for word in ranks)
