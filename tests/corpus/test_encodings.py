"""Text that is not Unicode is read where it is Western European for certain, and this is told."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.corpus.documents import corpus_sha256, read_corpus
from harness.corpus.encodings import western
from harness.corpus.inventory import told
from harness.corpus.source import text_of

WESTERN = {
    "German": "Die Größe der Öffnung beträgt 14 cm; das „Maß“ – siehe Anhang, § 5 – kostet 20 €. Übermaß",
    "French": "L’été a été « très » chaud à Paris ; ça coûte 5 € au cœur du marché, dès le nº 5.",
    "Spanish": "¿Cuántos días? ¡Diez días, señor! La reunión está aquí, en la 2ª planta.",
    "Portuguese": "A licença não é válida após três dias; informações e opções são às vezes úteis.",
    "Italian": "La città è più bella perché c’è già la libertà, così però.",
    "Dutch": "De coördinatie is geëvalueerd in één café, België’s ruïne.",
    "Danish": "Færgen sejler på søndag til Ærø og Århus med blåbærgrød.",
    "Swedish": "Färjan går på söndag och åker till Öland på kvällen.",
    "Finnish": "Lautta lähtee säännöllisesti, myös äitienpäivänä.",
    "Estonian": "Käsiraamat: õpilased söövad täna üheksa šokolaadi.",
    "Icelandic": "Miðinn kostar 4.500 kr. – „aðeins“ fyrir börn; sjá 5. gr. Þórður fer á sunnudögum.",
    "Faroese": "Skipið siglir á sunnudegi til Føroyar. Tað kostar tjúgu krónur.",
    "Norwegian": "Fergen går «på søndag», og det koster 20 € òg for én; fôr.",
    "Finnish in quotes": "Lautta lähtee ”säännöllisesti”; šekki 20 €.",
    "Catalan": "El vaixell surt diumenge: això és “molt” important, 20 €. Col·legi, pingüins.",
    "Catalan with ç": "Feliçment és obert.",
    "Welsh": "Mae’r llong yn hwylio o’r môr; tê, cân, gwên a “sïo”: 20 €.",
    "Irish": "Tá an bád ag seoladh go hÁrainn Dé Domhnaigh; in aice le hÉirinn, ár nÉire.",
    "Scottish Gaelic": "Tha am bàta a’ seòladh, dìreach sùil.",
    "Gaelic with è": "Tha sinn a’ dèanamh glè mhath, mar a bhà sinn a’ seòladh.",
    "Occitan": "Lo bèu pòrt es lèu dubèrt a la vila, e pòt anar à pè.",
    "French with è": "Après la première pièce, le poète règle la bière. Aperçu : ça va, leçon et façade.",
    "Italian with è": "È vietato fumare; c’è già il caffè, cioè il tè.",
    "Italian with a name": "Giosuè abita qui: la città è bella.",
    "Albanian": "Biblioteka është e hapur çdo ditë, çelësi këtu.",
    "names in English": "A plain text about José and Zoë, by Dr Müller from Malmö.",
    "English": "It’s 20 °C – a “naïve” café… 5 m², ½ cup, 10 µm, Windows®, £5.",
}
OTHERS = {
    "Polish": ("Książka jest na stole, a łódka płynie. Każdy może wziąć źdźbło trawy.", "cp1250"),
    "Czech": ("Kniha leží na stole, děkuji. Příliš žluoučký kůň úpěl ďábelské ódy.", "cp1250"),
    "Slovak": ("Kniha je na stole, ďakujem. Žltý kôň ľahko vyšiel, čas.", "cp1250"),
    "Slovene": ("Ladja odpluje v nedeljo. Otroci brezplačno, žal še ni čas.", "cp1250"),
    "a Slovene line": ("Otroci potujejo brezplačno.", "cp1250"),
    "a Slovene line of Unix": ("Rok vračila je 14 dni.", "iso8859-2"),
    "another Slovene line": ("Večer poezije bo v torek.", "cp1250"),
    "a Slovene word": ("Kje je ključ?", "cp1250"),
    "Czech with ů": ("Počet lidí a důvod, oni dále něco.", "cp1250"),
    "a Croatian line": ("Učenici imaju popust.", "cp1250"),
    "a Lithuanian line": ("Biblioteka dirba kasdien, ačiū.", "cp1257"),
    "a line with Latvian ē": ("Bibliotēka ir atvērta.", "cp1257"),
    "a Czech line": ("Loď vyplouvá v neděli. Jízdenka stojí dvacet korun, děti zdarma.", "cp1250"),
    "a Hungarian line": ("Idő, erdő, nő, fő, szép.", "cp1250"),
    "a Romanian line": ("Biletul costă două lei.", "cp1250"),
    "a Croatian name": ("The author is Ivan Petrović.", "cp1250"),
    "a Latvian line": ("Prāmis atiet svētdien. Biļete maksā divdesmit eiro, bērniem par brīvu.", "cp1257"),
    "Polish of Unix": ("Prom odpływa w niedzielę. Bilet kosztuje dwadzieścia złotych.", "iso8859-2"),
    "Hungarian": ("A könyv az asztalon van, köszönöm szépen. Idő, erdő, nő, fő.", "cp1250"),
    "Romanian": ("Cartea este pe masă, mulţumesc. Această ţară şi însă, ştiinţă.", "cp1250"),
    "Croatian": ("Knjiga je na stolu, možda će đak doći kući čim bude šećera.", "cp1250"),
    "Turkish": ("Işık ağır değil, kapı.", "cp1254"),
    "a Turkish page": ("Kitap masanın üzerinde, teşekkürler. Işık ağır değildir.", "cp1254"),
    "Lithuanian": ("Knyga yra ant stalo, ačiū. Žmonės šių dienų, ąžuolas, kūnų.", "cp1257"),
    "Latvian": ("Grāmata ir uz galda, paldies. Šodien ļoti ēdams ķīnietis, ģimene.", "cp1257"),
    "Russian": ("Книга лежит на столе, спасибо.", "cp1251"),
    "Russian in KOI8": ("Книга лежит на столе, спасибо.", "koi8-r"),
    "a Russian word": ("A long manual in English, with one word of another: привет.", "cp1251"),
    "Greek": ("Το βιβλίο είναι στο τραπέζι.", "cp1253"),
    "Hebrew": ("הספר על השולחן.", "cp1255"),
    "Japanese": ("知識は力なり。テスト", "shift_jis"),
    "two Japanese words": ("English with a few 知識 words in the middle, and more English.", "shift_jis"),
    "Chinese": ("知识就是力量", "gb18030"),
    "Korean": ("지식은 힘이다", "euc-kr"),
    "Icelandic of DOS": ("Skipið siglir á sunnudögum, þangað kemur það.", "cp861"),
    "Spanish of old Macs": ("¿Cuántos días? ¡Diez días, señor! La reunión está aquí.", "mac-roman"),
    "German of DOS": ("Die Größe der Öffnung beträgt 14 cm.", "cp850"),
    "German of old Macs": ("Die Größe der Öffnung beträgt 14 cm.", "mac-roman"),
}


@pytest.mark.parametrize("text", WESTERN.values(), ids=WESTERN)
def test_western_languages_are_read(text: str) -> None:
    assert western(text.encode("cp1252")) == (text, "Windows-1252")


UNIX = {
    "French": "Le cœur du marché coûte 20 €.",
    "Estonian": "Käsiraamat: šokolaad, õhtul Žanr; 5 €.",
    "Finnish": "Lautta lähtee, šekki 20 €.",
    "Icelandic": "Skipið siglir á sunnudögum, 5 €.",
}


@pytest.mark.parametrize("text", UNIX.values(), ids=UNIX)
def test_those_of_unix_are_read_where_signs_tell_them(text: str) -> None:
    assert western(text.encode("iso8859-15")) == (text, "ISO-8859-15")
    plain = text.replace("€", "EUR").replace("œ", "oe").replace("š", "s").replace("Ž", "Z")
    assert western(plain.encode("iso8859-1")) == (plain, "Windows-1252"), "the same bytes"


@pytest.mark.parametrize("text", ["½ cup, ¼ lb, ½oz", "It´s 5 m² at 20 °C"])
def test_signs_of_windows_are_no_letters_of_unix(text: str) -> None:
    assert western(text.encode("cp1252")) == (text, "Windows-1252")


@pytest.mark.parametrize(
    ("text", "encoding"), [("¨hola¨", "cp1252"), ("A text by Dušan", "iso8859-15"), ("Le cœur", "iso8859-15")]
)
def test_what_is_a_letter_in_one_and_a_sign_in_the_other_proves_nothing_alone(
    text: str, encoding: str
) -> None:
    assert western(text.encode(encoding)) is None


@pytest.mark.parametrize(("text", "encoding"), OTHERS.values(), ids=OTHERS)
def test_what_may_be_in_another_encoding_is_not(text: str, encoding: str) -> None:
    assert western(text.encode(encoding)) is None


def test_broken_utf_8_and_binaries_are_not() -> None:
    assert western("Die Größe für fünf".encode()[:-2] + b"\xc3") is None
    assert western("Die Größe".encode() + b" f\xfcr") is None
    assert western(b"\x89PNG\r\n\x1a\n") is None
    assert western(codecs.BOM_UTF8 + b"caf\xe9") is None


@pytest.mark.parametrize("form", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", ["Hello", "Die Größe für fünf.\n", "Книга лежит на столе.\n"])
def test_unicode_is_read_in_all_its_forms_and_is_no_guess(tmp_path: Path, form: str, text: str) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode(form))
    corpus = read_corpus(tmp_path)
    assert [document.text for document in corpus] == [text.strip()]
    assert corpus.inventory.guessed == {}


def test_a_zero_in_utf_8_is_no_sign_of_another_form() -> None:
    assert text_of(b"a\0b, and much more text than that\0") == "a\0b, and much more text than that\0"
    assert text_of("дом\0".encode()) == "дом\0"


def test_records_are_read_in_their_encoding_and_the_guess_is_told_once(tmp_path: Path) -> None:
    rows = [{"id": str(n), "text": "Die Größe der Öffnung"} for n in range(3)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "rows.jsonl").write_bytes(text.encode("cp1252"))
    (tmp_path / "z.txt").write_bytes("Öffnung: 20 €".encode("iso8859-15"))
    corpus = read_corpus(tmp_path)
    assert {document.text for document in corpus} == {"Die Größe der Öffnung", "Öffnung: 20 €"}
    assert told(corpus.inventory)[1:] == [
        "Read as ISO-8859-15, as not UTF-8: z.txt",
        "Read as Windows-1252, as not UTF-8: rows.jsonl",
    ]


def test_the_corpus_is_the_same_in_any_encoding_and_the_guess_is_told(tmp_path: Path) -> None:
    texts = {"a.txt": WESTERN["German"], "b.md": "# Größe\n", "c.csv": "Größe;Maß\n2,5;3\n"}
    for encoding in ("utf-8", "cp1252", "utf-16"):
        (tmp_path / encoding).mkdir()
        for name, text in texts.items():
            (tmp_path / encoding / name).write_bytes(text.replace("\n", "\r\n").encode(encoding))
    known, guessed, marked = (read_corpus(tmp_path / name) for name in ("utf-8", "cp1252", "utf-16"))
    assert corpus_sha256(known) == corpus_sha256(guessed) == corpus_sha256(marked)
    assert known.inventory.guessed == marked.inventory.guessed == {}
    assert guessed.inventory.guessed == {"Windows-1252": tuple(texts)}
    assert told(guessed.inventory)[1:] == ["Read as Windows-1252, as not UTF-8: a.txt, b.md and c.csv"]


def test_a_page_that_declares_no_encoding_or_a_wrong_one_is_read_like_a_text(tmp_path: Path) -> None:
    for head in ("", "<meta charset=utf-8>"):
        (tmp_path / "a.html").write_bytes(f"{head}<p>Größe".encode("cp1252"))
        corpus = read_corpus(tmp_path)
        assert [document.text for document in corpus] == ["Größe"]
        assert corpus.inventory.guessed == {"Windows-1252": ("a.html",)}


def test_a_preview_and_the_list_of_documents_tell_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docs").mkdir()
    Path("docs/a.txt").write_bytes(WESTERN["German"].encode("cp1252"))
    assert main(["tasks", "new", "sizes", "--corpus", "docs"]) == 0
    assert "Read as Windows-1252, as not UTF-8: a.txt" in capsys.readouterr().err
    assert main(["tasks", "validate", "sizes"]) == 0
    assert "Read as Windows-1252, as not UTF-8: a.txt." in capsys.readouterr().out
    assert main(["tasks", "docs", "sizes"]) == 0
    assert "Read as Windows-1252, as not UTF-8:\na.txt\n" in capsys.readouterr().out
