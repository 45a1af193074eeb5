"""The sandbox for every jinja template that comes from outside: chat templates, templates of lm-eval's task files.

A template reaches no Python code, and it is refused when it takes too many steps or makes too large a value. Each
render has a budget of units (`meter.py`): a call, a filter, an operator costs one, and so does every entry and every
16th character of the values that it is given; a pass of a loop costs what stands in it. What makes much out of little
(`'a' * 10**9`, `center`, `'%9999d' % 1`) pays for its result before it is made (`growth.py`). Steps are counted, not
seconds, so that a template is accepted everywhere or nowhere.

jinja's own parser, sandbox and filters do the work; its syntax tree is given filters that pay (`metering.py`).
"""

from harness.templates.meter import TemplateTooLarge
from harness.templates.sandbox import chat_sandbox, explained, sandbox

__all__ = ["TemplateTooLarge", "chat_sandbox", "explained", "sandbox"]
