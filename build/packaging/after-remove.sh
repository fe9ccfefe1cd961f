#!/bin/sh
# After deb or rpm have taken the files away. An upgrade has put the new version's in place already.
case ${1-} in upgrade | failed-upgrade | abort-* | [1-9]*) exit 0 ;; esac
[ -L '/usr/bin/${executable}' ] && rm -f '/usr/bin/${executable}'
if [ -f '/etc/apparmor.d/${executable}' ]; then
  if apparmor_status --enabled >/dev/null 2>&1; then apparmor_parser --remove '/etc/apparmor.d/${executable}' || true; fi
  rm -f '/etc/apparmor.d/${executable}'
fi
# rpm leaves folders that it did not record.
if [ -d '/opt/${sanitizedProductName}' ]; then find '/opt/${sanitizedProductName}' -depth -type d -empty -delete; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database /usr/share/applications || true; fi
exit 0
