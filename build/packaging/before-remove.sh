#!/bin/sh
# Before deb or rpm take the program away: the services of those who are logged in end while there is still a program to ask.
# An upgrade ("upgrade" for dpkg, a number above 0 for rpm) leaves them alone.
case ${1-} in remove | 0) ;; *) exit 0 ;; esac
for folder in /run/user/*; do
  [ -S "$folder/bus" ] || [ -S "$folder/systemd/private" ] || continue
  name=$(stat -c %U "$folder")
  timeout 60 runuser -u "$name" -- env "HOME=$(getent passwd "$name" | cut -d: -f6)" "XDG_RUNTIME_DIR=$folder" /opt/Holdfast/resources/bin/holdfast service uninstall || true
done
echo 'Holdfast: settings and passwords of its users stay. To remove them as well, run "holdfast uninstall --purge" before the package goes.'
exit 0
