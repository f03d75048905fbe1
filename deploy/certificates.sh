#!/bin/sh
# Certificates of a KurrentDB cluster: `certificates.sh kurrentdb1 kurrentdb2 kurrentdb3`, with es-gencert-cli. What is there stays; to
# have one made anew, remove its folder. /authority has the key that signs, and only this job sees it; /trust, what all may know;
# /certificates, a folder for each member.
set -eu
authority=${AUTHORITY:-/authority}
trust=${TRUST:-/trust}
certificates=${CERTIFICATES:-/certificates}

# It says what went wrong and ends with 0 all the same: only what it wrote counts.
must() {
  [ -s "$1" ] || { echo "$1 was not made" >&2; exit 1; }
}

if [ ! -s "$authority/ca/ca.key" ]; then
  rm -rf "$authority/ca"
  es-gencert-cli create-ca -days 3650 -out "$authority/ca"
fi
must "$authority/ca/ca.crt"
must "$authority/ca/ca.key"
mkdir -p "$trust/ca"
cp -f "$authority/ca/ca.crt" "$trust/ca/ca.crt"
chmod -R a+rX "$trust"

for member in "$@"; do
  if [ -s "$certificates/$member/node.crt" ]; then continue; fi
  rm -rf "$certificates/$member.new" "$certificates/$member"
  es-gencert-cli create-node -days 825 -ca-certificate "$authority/ca/ca.crt" -ca-key "$authority/ca/ca.key" \
    -out "$certificates/$member.new" -dns-names "$member,localhost" -ip-addresses 127.0.0.1
  must "$certificates/$member.new/node.crt"
  must "$certificates/$member.new/node.key"
  # The database is not root, and which user it is differs between its releases.
  chmod -R a+rX "$certificates/$member.new"
  mv "$certificates/$member.new" "$certificates/$member"
done
echo "certificates are there for: $*"
