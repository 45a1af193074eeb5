#!/bin/sh
# Chromium for the tests that open the report's page: Debian's package, where there is none and it may be installed.
# Without it those tests are skipped, and this says so; with CI set they fail instead (tests/report/page/browser.py).

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian's package chromium for the browser tests ..." >&2
  apt="apt-get --quiet=2 --option Dpkg::Use-Pty=0 --option Acquire::Retries=3"
  export DEBIAN_FRONTEND=noninteractive
  if $apt update >/dev/null && $apt install --yes --no-install-recommends chromium >/dev/null; then exit 0; fi
fi
echo "*** NO BROWSER: the report's page will not be tested in one. Install Debian's package chromium. ***" >&2
