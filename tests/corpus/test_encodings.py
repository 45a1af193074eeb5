"""Text that is not Unicode is read as Windows-1252 where it is that for certain, and this is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import main
from harness.corpus.documents import corpus_sha256, read_corpus
from harness.corpus.encodings import windows_1252
from harness.corpus.inventory import told

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
    "English": "It’s 20 °C – a “naïve” café… 5 m², ½ cup, 10 µm, Windows®, £5.",
}
OTHERS = {
    "Polish": ("Książka jest na stole, a łódka płynie. Każdy może wziąć źdźbło trawy.", "cp1250"),
    "Czech": ("Kniha leží na stole, děkuji. Příliš žluoučký kůň úpěl ďábelské ódy.", "cp1250"),
    "Slovak": ("Kniha je na stole, ďakujem. Žltý kôň ľahko vyšiel, čas.", "cp1250"),
    "Hungarian": ("A könyv az asztalon van, köszönöm szépen. Idő, erdő, nő, fő.", "cp1250"),
    "Romanian": ("Cartea este pe masă, mulţumesc. Această ţară şi însă, ştiinţă.", "cp1250"),
    "Croatian": ("Knjiga je na stolu, možda će đak doći kući čim bude šećera.", "cp1250"),
    "Turkish": ("Kitap masanın üzerinde, teşekkürler. Işık ağır değildir.", "cp1254"),
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
    "German of DOS": ("Die Größe der Öffnung beträgt 14 cm.", "cp850"),
    "German of old Macs": ("Die Größe der Öffnung beträgt 14 cm.", "mac-roman"),
    "UTF-16 without its mark": ("Größe", "utf-16-le"),
}


@pytest.mark.parametrize("text", WESTERN.values(), ids=WESTERN)
def test_western_languages_are_read(text: str) -> None:
    assert windows_1252(text.encode("cp1252")) == text


@pytest.mark.parametrize(("text", "encoding"), OTHERS.values(), ids=OTHERS)
def test_what_may_be_in_another_encoding_is_not(text: str, encoding: str) -> None:
    assert windows_1252(text.encode(encoding)) is None


def test_broken_utf_8_and_binaries_are_not(tmp_path: Path) -> None:
    assert windows_1252("Die Größe für fünf".encode()[:-2] + b"\xc3") is None
    assert windows_1252("Die Größe".encode() + b" f\xfcr") is None
    assert windows_1252(b"\x89PNG\r\n\x1a\n") is None


def test_the_corpus_is_the_same_in_any_encoding_and_the_guess_is_told(tmp_path: Path) -> None:
    texts = {"a.txt": WESTERN["German"], "b.md": "# Größe\n", "c.csv": "Größe;Maß\n2,5;3\n"}
    for encoding in ("utf-8", "cp1252", "utf-16"):
        (tmp_path / encoding).mkdir()
        for name, text in texts.items():
            (tmp_path / encoding / name).write_bytes(text.replace("\n", "\r\n").encode(encoding))
    known, guessed, marked = (read_corpus(tmp_path / name) for name in ("utf-8", "cp1252", "utf-16"))
    assert corpus_sha256(known) == corpus_sha256(guessed) == corpus_sha256(marked)
    assert known.inventory.guessed == marked.inventory.guessed == ()
    assert guessed.inventory.guessed == tuple(texts)
    assert told(guessed.inventory)[1:] == ["Read as Windows-1252, as not UTF-8: a.txt, b.md and c.csv"]


def test_a_page_that_declares_no_encoding_or_a_wrong_one_is_read_like_a_text(tmp_path: Path) -> None:
    for head in ("", "<meta charset=utf-8>"):
        (tmp_path / "a.html").write_bytes(f"{head}<p>Größe".encode("cp1252"))
        corpus = read_corpus(tmp_path)
        assert [document.text for document in corpus] == ["Größe"]
        assert corpus.inventory.guessed == ("a.html",)


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
