"""Text that grows piece by piece, with line and paragraph breaks that never pile up."""

from __future__ import annotations

from harness.corpus.formats.marks import linked

LINE, PARAGRAPH = "\x1e", "\x1d"
_MARKER = "\x1c"
"""Control characters that mark what pieces are; text that comes in has none of them."""
_SPACED = frozenset((" ", LINE, PARAGRAPH, _MARKER))
_BREAKS = {LINE: 1, PARAGRAPH: 2}


class Flow:
    """Pieces of text and breaks between them → one string."""

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def text(self, words: str) -> None:
        """Words of running text; a space at their front is left out behind another."""
        if words[:1] == " " and self.pieces and self.pieces[-1][-1:] in _SPACED:
            words = words.lstrip(" ")
        if words:
            self.pieces.append(words)

    def block(self, text: str) -> None:
        """Lines that stay as they are, a paragraph of their own."""
        if text:
            self._unmarked()
            self.pieces += [PARAGRAPH, text, PARAGRAPH]

    def _unmarked(self) -> None:
        """A heading, code or a table begins an item: behind its dash on one line it would be none. A number stays."""
        at = len(self.pieces) - 1
        while at > 0 and self.pieces[at] in _BREAKS:
            at -= 1
        if at > 0 and self.pieces[at] == _MARKER:
            del self.pieces[at - (self.pieces[at - 1].strip() in ("-", ":")) :]

    def at_line_start(self) -> bool:
        return not self.pieces or self.pieces[-1] in _BREAKS

    def ends_apart(self) -> bool:
        """Whether a space stands before what follows."""
        return bool(self.pieces) and self.pieces[-1][-1:] == " "

    def marker(self, sign: str) -> None:
        """The sign of a list item on a new line; the text behind it begins on the same line."""
        self.pieces += [LINE, sign, _MARKER]

    def cut(self, mark: str) -> None:
        self.pieces.append(mark)

    def mark_apart(self) -> None:
        """A link has ended: where its text, the last piece, is the mark of a footnote, it is kept apart."""
        if len(self.pieces) > 1:
            self.pieces[-1] = linked(self.pieces[-2], self.pieces[-1])

    def tail(self, length: int) -> str:
        """Takes the last `length` characters of running text off, to be written anew."""
        taken = ""
        while len(taken) < length and self.pieces and self.pieces[-1] not in (LINE, PARAGRAPH, _MARKER):
            piece = self.pieces.pop()
            missing = length - len(taken)
            if len(piece) > missing:
                self.pieces.append(piece[:-missing])
            taken = piece[-missing:] + taken
        return taken

    def finished(self) -> str:
        if len(self.pieces) == 1 and self.pieces[0] not in _SPACED:
            return self.pieces[0].strip("\n").rstrip()
        out: list[str] = []
        pending, behind_marker = 0, False
        for piece in self.pieces:
            if piece == _MARKER:
                behind_marker = True
            elif piece in _BREAKS:
                pending = max(pending, _BREAKS[piece])
            elif piece != " " or (not pending and not behind_marker and out):
                if out and not behind_marker and pending:
                    out[-1] = out[-1].rstrip(" ")
                    out.append("\n" * pending)
                out.append(piece.lstrip(" ") if behind_marker else piece)
                pending, behind_marker = 0, False
        return "".join(out).strip("\n").rstrip()
