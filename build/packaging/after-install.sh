#!/bin/sh
# After deb and rpm have put /opt/Holdfast in place, also by an upgrade. ${executable} and the like are electron-builder's.
ln -sf '/opt/${sanitizedProductName}/resources/bin/holdfast' '/usr/bin/${executable}'

# Chromium's sandbox needs user namespaces, or this file set-uid where the kernel has none.
if unshare --user true 2>/dev/null; then mode=0755; else mode=4755; fi
chmod "$mode" '/opt/${sanitizedProductName}/chrome-sandbox' || true

# Where AppArmor forbids user namespaces to programs that it does not know (Ubuntu 24.04), it has to know this one.
profile='/opt/${sanitizedProductName}/resources/apparmor-profile'
if [ -e "$profile" ] && apparmor_status --enabled >/dev/null 2>&1 && apparmor_parser --skip-kernel-load --debug "$profile" >/dev/null 2>&1; then
  cp -f "$profile" '/etc/apparmor.d/${executable}'
  ischroot 2>/dev/null || apparmor_parser --replace --write-cache --skip-read-cache '/etc/apparmor.d/${executable}' || true
fi

if command -v update-desktop-database >/dev/null; then update-desktop-database /usr/share/applications || true; fi
exit 0
