"""Protects what attributes and style sheets say of a page's text: raised numbers, items' signs, headings, machinery."""

from __future__ import annotations

import pytest

from harness.corpus.formats.looks import raised_classes
from harness.corpus.formats.md import markdown
from harness.corpus.formats.web import html


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<style>p{margin:0}.c1,span.c3{font-size:8pt;vertical-align:super} .c5 {vertical-align: sub}</style>"
         "10<span class='c2 c3'>6</span> l H<span class=c5>2</span>O 1<span class=c2>4</span>", "10^6 l H2O 14"),
        ("<style>@media print{.p{display:none}} .k, .n{display:none}</style><i class=k>0014</i>14 <i class=p>20</i> "
         "<i class=n>shown on a click</i>", "0014 14 20 shown on a click"),
        ("<style>.y{display:none}</style>Only <span class=m>2</span><span class=y>20</span> EUR<i class=y></i>s",
         "Only 2 20 EURs"),
        ("5<span class=text-sub>kg</span>", "5kg"),
        ("mg/m<span class=oj-super>3</span>, 10<span class=oj-super>–3</span>", "mg/m³, 10^–3"),
        ("25 m<span style='position:relative;top:-3.0pt;mso-text-raise:3.0pt'>2</span>", "25 m²"),
        ("10<span style='font-size:70%; vertical-align:0.4em'>6</span> l", "10^6 l"),
        ("10<b style='vertical-align:-2px;font-size:8px'>2</b>", "10_2"),
        ("7 <b style='font-size:8px;vertical-align:top'>14</b>5<b style='vertical-align:top'>6</b>", "7 1456"),
        ("10<sup>-</sup><sup>6</sup>, s<sup>-</sup><sup>1</sup>", "10^-6, s⁻¹"),
        ("5<sup>th </sup>Avenue; if late (<sup>1</sup>)", "5th Avenue; if late (1)"),
        ("<ol type=a start=3><li>x<li value=7>y</ol><ol type=I><li>x<li>y</ol>", "c. x\ng. y\n\nI. x\nII. y"),
        ("<ol reversed><li>x<li>y</ol><ol style='list-style-type:lower-roman' start=4><li>z</ol>",
         "2. x\n1. y\n\niv. z"),
        ("<ul><li><section><h3>Saws</h3>7 days</section></ul>", "### Saws\n\n7 days"),
        ("<ul><li><div><pre># stop</pre></div></ul>", "```\n# stop\n```"),
        ("<pre><span class=linenos>1</span># stop\n<span class=linenos>2</span>x</pre>", "```\n# stop\nx\n```"),
        ("<table><tr><td class=gutter><pre>1\n2</pre><td><pre># stop\nx</pre></table>", "```\n# stop\nx\n```"),
        ("Room <span class=ln>14b</span>", "Room 14b"),
        ("<h2>Ice<span class=mw-editsection>[<a href=x>edit</a>]</span></h2>", "## Ice"),
        ("<h2>Ice<a href='#ice'>\u200b</a></h2><p>Or less.<a href='#ref1'>↩</a>", "## Ice\n\nOr less."),
        ("<button>Yes</button><button>No</button> <b>now</b>", "Yes No now"),
        ("<svg><title>Hall</title><desc>North wing</desc><text>14</text></svg>", "Hall\nNorth wing\n14"),
        ("<p>Run</p><ac:x><![CDATA[a < b && <c>]]></ac:x><script>//<![CDATA[\nx//]]></script>",
         "Run\n\na < b && <c>"),
        ("<script>'<![CDATA['</script><p>text</p><script>']]>'</script>", "text"),
        ("<div role=navigation>menu</div><main role=navigation>text</main>", "text"),
        ("<table><tr><td><b>Item</b><td><p><strong>Fee</strong></p><tr><td><b>drill</b><td>20</table>",
         "| Item | Fee |\n| --- | --- |\n| drill | 20 |"),
        ("<table><tr><td><b>Item</b><td>drill<tr><td><b>Fee</b><td>20</table>", "| Item | drill |\n| Fee | 20 |"),
        ("<table><tr><th>Name<td><b>Acme</b><tr><th>Fee<td>20</table>", "| Name | Acme |\n| Fee | 20 |"),
        ("<table><tr><td colspan=2><b>Rates</b><tr><td>drill<td>20</table>", "| Rates |  |\n| drill | 20 |"),
    ],
)  # fmt: skip
def test_text(source: str, text: str) -> None:
    assert html(source, "s")[1] == text


def test_the_style_sheet_of_a_book_is_read_once_for_all_chapters() -> None:
    sheet = ".up {vertical-align: super}"
    assert raised_classes(sheet) is raised_classes(sheet)


def test_a_table_of_html_in_markdown_is_one_over_its_empty_lines() -> None:
    table = (
        "<table>\n<tr><th>Zone</th><th>Fee</th></tr>\n<tr>\n\n<td>A</td>\n \n<td>20</td>\n</tr>\n</table>\n"
    )
    text = "| Zone | Fee |\n| --- | --- |\n| A | 20 |"
    assert markdown(table, "s")[1] == text
    assert markdown(f"```\n{table}```\n\n{table}", "s")[1] == f"```\n{table}```\n\n{text}".replace(
        " \n", "\n"
    )
    assert markdown("<table><tr><td>\n\n- [a](b)\n\n</td></tr></table>", "s")[1] == "- a"


def test_signs_that_nobody_sees_divide_no_word() -> None:
    assert markdown("soft\u00adware, 1\u2060000\ufeff", "s")[1] == "software, 1000"
