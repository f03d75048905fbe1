#!/bin/sh
# Makes a bucket where there is none: `bucket.sh http://store:8333/mail`. Key and secret come from AWS_ACCESS_KEY_ID and
# AWS_SECRET_ACCESS_KEY. Any S3-compatible store; wants curl 7.86 or later.
set -eu
address=$1
# Of nothing: what is asked here has no body.
sum=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

ask() {
  printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" |
    curl --config - --silent --show-error --output /dev/null --write-out '%{http_code}' --max-time 10 \
      --retry 10 --retry-connrefused --retry-delay 2 --aws-sigv4 "aws:amz:${AWS_REGION:-us-east-1}:s3" \
      --header "x-amz-content-sha256: $sum" "$@" "$address"
}

found=$(ask --head)
case $found in
  200) echo "$address is there"; exit 0 ;;
  404) ;;
  *) echo "$address: the store answers $found; are key and secret the ones it was started with?" >&2; exit 1 ;;
esac
made=$(ask --request PUT)
case $made in
  2??) echo "made $address" ;;
  *) echo "$address: the store answers $made and makes no bucket" >&2; exit 1 ;;
esac
