"""Errors are one plain line, whatever the words that they repeat."""

from studies.errors import named_line, one_line


def test_words_of_somebody_else_become_one_line_of_the_asked_length():
    assert one_line(ValueError("shapes differ:\n  (3, 4)\n\n  (4, 3)\n")) == "shapes differ: (3, 4) (4, 3)"
    assert one_line("a  b\tc", longest=3) == "a b"


def test_an_error_of_somebody_elses_code_is_told_with_its_type():
    assert named_line(KeyError("no\nsuch")) == "KeyError: 'no\\nsuch'"
    assert named_line(RuntimeError("too   long"), longest=3) == "RuntimeError: too"
