"""A table as people have it becomes a task that is valid; what cannot become one is named by row and column."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import main
from harness.errors import InputError
from harness.imports.sheet import read_csv
from harness.spec.task import load_task
from tests.imports import FAQ, FLAGS, imported, refused, table, workbook


def test_questions_and_answers(capsys: pytest.CaptureFixture[str]) -> None:
    rows = imported(table(FAQ), "mine", *FLAGS)
    assert rows == [
        {"id": "row-2", "question": "How long may a drill be kept?", "answers": ["14 days"]},
        {"id": "row-3", "question": "Who keeps the key?", "answers": ["Ada"]},
    ]
    out, err = capsys.readouterr()
    assert out.splitlines()[:2] == ["mine/task.yaml", "mine/test.jsonl"]
    assert "strategies that retrieve do not apply" in err
    assert main(["tasks", "import", "faq.csv", "mine", *FLAGS]) == 2
    assert "mine: exists already and is left as it is." in capsys.readouterr().err


def test_a_table_as_german_excel_saves_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = "Frage;Antwort\r\nWie groß ist die Öffnung?;2,5 m²\r\n„Fähre“ kostet?;20 €\r\n"
    rows = imported(table(text, encoding="cp1252"), "mine", "--question", "Frage", "--answer", "Antwort")
    assert [(row["question"], row["answers"]) for row in rows] == [
        ("Wie groß ist die Öffnung?", ["2,5 m²"]),
        ("„Fähre“ kostet?", ["20 €"]),
    ]
    said = "faq.csv: is not UTF-8, and was read as Windows-1252 (--encoding names another)."
    assert said in capsys.readouterr().err


RECORDS = [{"question": "Wie groß ist „Maß“?", "answer": "2,5 m²"}, {"question": "Preis?", "answer": "20 €"}]
ASKED = [("Wie groß ist „Maß“?", ["2,5 m²"]), ("Preis?", ["20 €"])]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_texts_are_read_in_whatever_encoding_programs_write(
    capsys: pytest.CaptureFixture[str], name: str, encoding: str
) -> None:
    texts = {
        "a.json": json.dumps(RECORDS, ensure_ascii=False),
        "a.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in RECORDS),
        "a.csv": "question;answer\n" + "\n".join(";".join(row.values()) for row in RECORDS),
    }
    rows = imported(table(texts[name], name, encoding), "mine")
    assert [(row["question"], row["answers"]) for row in rows] == ASKED
    guessed = f"{name}: is not UTF-8, and was read as Windows-1252 (--encoding names another)."
    assert (guessed in capsys.readouterr().err) == (encoding == "cp1252")


def test_an_encoding_may_be_named_of_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps(
        [{"question": "Ile kosztuje łódź?", "answer": "Dwadzieścia złotych"}], ensure_ascii=False
    )
    said = refused(capsys, table(text, "a.json", "cp1250"))
    assert "a.json:1: not UTF-8 text; save the file as UTF-8, or name its encoding (--encoding)." in said
    book = workbook({"One": [["Question", "Answer"]]})
    said = refused(capsys, book, "--encoding", "cp1250")
    assert "--encoding is for .csv, .tsv, .json, .jsonl and .ndjson files" in said
    (row,) = imported("a.json", "mine", "--encoding", "cp1250")
    assert row["question"] == "Ile kosztuje łódź?"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\ufeff" + FAQ, "bom.csv"),
        (FAQ.replace("\n", "\r\n"), "windows.csv"),
        (FAQ.replace(",", ";"), "semicolons.csv"),
        (FAQ.replace(",", "\t"), "tabs.tsv"),
        ("sep=;\r\n" + FAQ.replace(",", ";"), "excel.csv"),
        ("\n" + FAQ.replace("\n", "\n\n") + ",\n", "empty_rows.csv"),
        (FAQ.replace("Question,Answer", " question , ANSWER "), "case.csv"),
        (FAQ.replace("Question,Answer", "Question,Answer,") + "", "more_columns.csv"),
    ],
)
def test_tables_as_programs_write_them(text: str, name: str) -> None:
    rows = imported(table(text, name), "mine", *FLAGS)
    assert [(row["question"], row["answers"]) for row in rows] == [
        ("How long may a drill be kept?", ["14 days"]), ("Who keeps the key?", ["Ada"]),
    ]  # fmt: skip


def test_quotes_delimiters_and_lines_inside_cells() -> None:
    text = 'Question;Answer\n"He said ""when?""; and\nwhere?";"14; or 15"\nWhat is 3,5 kg?;"3,5 kg"\n'
    rows = imported(table(text), "mine", *FLAGS)
    assert [(row["question"], row["answers"]) for row in rows] == [
        ('He said "when?"; and\nwhere?', ["14; or 15"]), ("What is 3,5 kg?", ["3,5 kg"]),
    ]  # fmt: skip


def test_decimal_commas_do_not_part_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Where no name of a column tells, its rows are equally long under the delimiter."""
    said = refused(capsys, table("Frage;Antwort\nWie viel?;3,50 €\nWie lange?;14 Tage\n"))
    assert "the columns are 'Frage' and 'Antwort'" in said


def test_cells_that_may_mean_nothing_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    rows = imported(table("question,answer\nWhen?,N/A\nWho?,Ada\nWhere?,null\n"), "mine")
    assert [row["answers"] for row in rows] == [["N/A"], ["Ada"], ["null"]]
    assert "'answer' holds 'N/A' and 'null' in 2 rows, taken as an answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (
            "question,answer\nHow long?,14 days; two weeks\nWho?,Ada\n",
            "'answer' holds ';' in 1 cell, each read as one answer",
        ),
        (
            'text,label\na,"x, y"\nb,x\nc,y\n',
            "'label' holds 'x, y', which reads like several labels, and is one",
        ),
        (
            "question,answer,split\nHow long?,14 days,train\nWho?,Ada,eval\n",
            "'split' is not taken as --split: it holds 'eval'",
        ),
    ],
)
def test_what_may_be_read_otherwise_is_told(
    text: str, remark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(table(text), "mine")
    assert remark in capsys.readouterr().err


def test_quotes_are_letters_between_tabs_where_they_make_no_csv(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'Question\tAnswer\n"Hi" means what?\ta greeting\nWhat is "RMA?\t"return\n'
    rows = imported(table(text, "faq.tsv"), "mine", *FLAGS)
    assert [(row["question"], row["answers"]) for row in rows] == [
        ('"Hi" means what?', ["a greeting"]), ('What is "RMA?', ['"return']),
    ]  # fmt: skip
    assert "faq.tsv: row 2 is no CSV" in (said := capsys.readouterr().err)
    assert "So quotes were read as letters." in said


def test_lines_of_questions_and_answers_stay_lines() -> None:
    text = 'Question;Answer\r\n"Write\r\nadd.";"def add(a, b):\r\n    return a + b"\r\n'
    (row,) = imported(table(text), "mine", *FLAGS)
    assert (row["question"], row["answers"]) == ("Write\nadd.", ["def add(a, b):\n    return a + b"])


def test_several_columns_of_answers(capsys: pytest.CaptureFixture[str]) -> None:
    text = "Question;First;Also\nHow long?;14 days;two weeks\nWho?;Ada;Ada\nWhere?;;Hull\n"
    rows = imported(table(text), "mine", "--question", "Question", "--answer", "First, also")
    assert [row["answers"] for row in rows] == [["14 days", "two weeks"], ["Ada"], ["Hull"]]
    capsys.readouterr()
    assert main(["tasks", "import", "faq.csv", "other", "--answer", "First,Alo"]) == 2
    assert "no column 'Alo' (did you mean 'Also'?)" in capsys.readouterr().err


def test_several_answers_ids_splits_and_refusals() -> None:
    text = (
        "key,q,a,part\n7,How long?,14 days | two weeks |14 days,test\n8,Who won?,,TEST\n"
        "9,How long is it?,14 days,training\n10,How long now?,14 days,validation\n"
    )
    flags = ("--question", "q", "--answer", "a", "--id", "key", "--split", "part", "--answers-separator", "|")
    rows = imported(table(text), "mine", *flags, "--refusal", "not in the documents")
    assert rows == [
        {"id": "7", "question": "How long?", "answers": ["14 days", "two weeks"]},
        {"id": "8", "question": "Who won?", "answers": [], "answerable": False},
    ]
    task = load_task(Path("mine/task.yaml"))
    assert [[question.id for question in part] for part in (task.train, task.dev)] == [["9"], ["10"]]
    assert task.own.answer.refusal == "not in the documents"
    assert "refusal" in task.own.metrics


def test_gold_documents_by_id_or_by_file() -> None:
    Path("docs/rules").mkdir(parents=True)
    for name in ("loans.md", "rules/keys.txt"):
        Path("docs", name).write_text("A drill may be kept 14 days.", encoding="utf-8")
    text = "q,a,where\nHow long?,14 days,loans.md\nWho?,Ada,rules/keys; loans\nWhy?,So,\n"
    flags = (
        "--question",
        "q",
        "--answer",
        "a",
        "--gold",
        "where",
        "--answers-separator",
        ";",
        "--corpus",
        "docs",
    )
    rows = imported(table(text), "tasks/mine", *flags)
    assert [row.get("gold_docs") for row in rows] == [["loans"], ["rules/keys", "loans"], None]
    task = load_task(Path("tasks/mine/task.yaml"))
    assert task.own.corpus == "../../docs", "relative, so that both can move together"


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        (FAQ, ("--question", "Qestion", "--answer", "Answer"), "no column 'Qestion' (did you mean 'Question'?)"),
        (FAQ, ("--question", "x", "--answer", "y"), "the columns are 'Question' and 'Answer'"),
        ("Frage,Antwort\na,b\n", (), "no column is plainly that of the questions and the right answers; the columns "),
        ("Frage,Antwort\na,b\n", ("--question", "Frage"), "'Frage' and 'Antwort'. Give --answer COL, or --label COL"),
        ("Question,Answer,answer\na,b,c\n", ("--question", "Question", "--answer", "ANSWER"), "2 columns are called"),
        ("Question,Answer\n,yes\n", FLAGS, "faq.csv: row 2, column 'Question': is empty."),
        ("Question,Answer\nWhen?,\n", FLAGS, "row 2, column 'Answer': is empty. Write an answer, or give --refusal"),
        ("Question,Answer\nHow long?,14, 15\n", FLAGS, "row 2: has 3 cells and row 1 names 2"),
        ('Question,Answer\n"How long?,14\n', FLAGS, "row 2 is no CSV: unexpected end of data (a cell in quotes ends"),
        ("Question,Answer\nHow many?,#N/A\n", FLAGS, "row 2, column 'Answer': holds #N/A, the error of a formula"),
        ("Question,Answer\n", FLAGS, "the table has no rows"),
        ("", FLAGS, "the table is empty"),
        ("Question,Answer,id\na,b,1\nc,d,1\n", (*FLAGS, "--id", "id"), "column 'id': the id '1' stands in row 2 too"),
        ("Question,Answer,s\na,b,tset\n", (*FLAGS, "--split", "s"), "column 's': 'tset' is no split"),
        ("Question,Answer,s\na,b,train\n", (*FLAGS, "--split", "s"), "--split test=30,train=70 splits them"),
        (FAQ, (*FLAGS, "--split", "test=30,train=60"), "sum to 90, and must sum to 100"),
        (FAQ, (*FLAGS, "--split", "train=100"), "must name test"),
        (FAQ, (*FLAGS, "--label", "Answer"), "give one of them"),
        (FAQ, (*FLAGS, "--encoding", "cp99"), "there is no encoding of texts 'cp99'"),
        (FAQ, (*FLAGS, "--gold", "Answer"), "say where it lies with --corpus"),
        (FAQ, (*FLAGS, "--answers", "a.csv"), "--answers cannot be given with a table"),
        (FAQ, (*FLAGS, "--sheet", "One"), "--sheet is for .xlsx files"),
        ("Question,Answer\nCafé?,\udcff\udcfe\n", FLAGS,
         "faq.csv:2: not UTF-8 text; save the file as UTF-8, or name its encoding (--encoding)."),
    ],
)  # fmt: skip
def test_mistakes_name_row_and_column(
    capsys: pytest.CaptureFixture[str], text: str, flags: tuple[str, ...], message: str
) -> None:
    Path("faq.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert message in refused(capsys, "faq.csv", *flags)


def test_each_kind_of_mistake_is_one_sentence_and_nothing_is_left_behind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [f"Which is {n}?," for n in range(321)]
    said = refused(capsys, table("\n".join(["Question,Answer", ",yes", *rows])), *FLAGS)
    question, answer, way = said.splitlines()
    assert question == "harness: faq.csv: row 2, column 'Question': is empty."
    assert answer == (
        "faq.csv: 321 rows, column 'Answer': is empty (row 3, row 4, row 5 and 318 more). Write an answer, or give "
        "--refusal TEXT, the right reply where there is none."
    )
    assert way == "faq.csv: --skip leaves such rows out."
    assert [path.name for path in Path().iterdir() if path.name != "cache"] == ["faq.csv"]
    assert len(imported("faq.csv", "mine", "--refusal", "unknown", "--skip")) == 321
    assert "left out: row 2, column 'Question': is empty." in capsys.readouterr().err


def test_a_gold_document_that_is_not_there_is_named_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("docs").mkdir()
    Path("docs/loans.md").write_text("14 days.", encoding="utf-8")
    text = "q,a,where\nHow long?,14 days,laons\n"
    said = refused(
        capsys, table(text), "--question", "q", "--answer", "a", "--gold", "where", "--corpus", "docs"
    )
    assert "row 2, column 'where': the corpus has no document 'laons' (did you mean 'loans'?)" in said


@given(
    st.lists(
        st.tuples(
            *[st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip)] * 2
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(",;\t|"),
)
def test_what_a_csv_writer_wrote_comes_back(
    tmp_path_factory: Any, cells: list[tuple[str, str]], mark: str
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows([("Question", "Answer"), *cells])
    path = tmp_path_factory.mktemp("csv") / "faq.csv"
    path.write_bytes(out.getvalue().encode())
    sheet = read_csv(path, ("Question", "Answer"))
    assert [(row.cells["Question"], row.cells["Answer"]) for row in sheet.rows] == [
        (question.strip(), answer.strip()) for question, answer in cells
    ]


def test_a_folder_without_splits_names_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mail").mkdir()
    for name in ("faq.csv", "more.csv", "notes.txt"):
        Path("mail", name).write_text(FAQ, encoding="utf-8")
    assert "Import one of its tables: mail/faq.csv and mail/more.csv." in refused(capsys, "mail")


def test_labels_that_differ_in_their_spelling_alone_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"Number {n}?,{label}\n" for n in range(9) for label in ("Pay bill", "pay_bill", "oos"))
    assert main(["tasks", "import", table(f"text,intent\n{rows}"), "mine"]) == 0
    assert (
        "'intent' holds 'Pay bill' and 'pay_bill': each spelling is a label of its own"
        in capsys.readouterr().err
    )
    assert main(["tasks", "validate", "mine"]) == 0
    said = "mine/task.yaml: Pay bill and pay_bill are one label in several spellings, and a reply is right in one of"
    assert said in capsys.readouterr().out


def test_a_row_that_happens_to_hold_a_plain_name_does_not_name_the_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, table("Frage,Antwort\nWas?,Text\n"))
    assert "the columns are 'Frage' and 'Antwort'" in said


def test_a_title_is_not_taken_for_the_columns_though_none_has_a_plain_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, table("Tickets of March;;\n\nNr;Anfrage;Lösung\n1;Wie lange?;14 Tage\n"))
    assert "the columns are 'Nr', 'Anfrage' and 'Lösung'." in said


def test_a_missing_file_is_a_sentence() -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_csv(Path("gone.csv"), ())
