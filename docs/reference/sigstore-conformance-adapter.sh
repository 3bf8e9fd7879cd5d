#!/bin/sh
# Lets the public conformance suite for sigstore clients drive `imprimatur`.
#
#   IMPRIMATUR=/path/to/imprimatur   the program (default: the one in PATH; imprimatur-check does too)
#   SIGSTORE_ROOT=trusted_root.json  the root of the production instance, for calls that name none
#   SIGSTORE_STAGING_ROOT=…          the same for --staging
#
# verify-bundle [--staging] --bundle FILE (--certificate-identity ID --certificate-oidc-issuer URL |
#               --key PEM) [--trusted-root FILE] FILE_OR_sha256:DIGEST
#
# The exit code is the answer: 0 valid, 1 not valid, 2 could not decide, 64 a wrong command line. All
# happens offline. sign-bundle needs a login and a log on the network: it is not offered, and exits 2.
# With --key the key is what is trusted, and the log is not asked.
set -eu

imprimatur=${IMPRIMATUR:-imprimatur}
usage() {
    echo "usage: $0 verify-bundle --bundle FILE (--certificate-identity ID" \
        "--certificate-oidc-issuer URL | --key PEM) [--trusted-root FILE] FILE_OR_DIGEST" >&2
    exit 64
}

[ $# -gt 0 ] || usage
verb=$1
shift
case $verb in
    verify-bundle) ;;
    sign-bundle)
        echo "$0: sign-bundle is not offered: keyless signing needs a network" >&2
        exit 2 ;;
    *) usage ;;
esac

bundle='' identity='' issuer='' key='' root='' file='' default=${SIGSTORE_ROOT:-}
while [ $# -gt 0 ]; do
    case $1 in
        --staging) default=${SIGSTORE_STAGING_ROOT:-}; shift; continue ;;
        --bundle | --certificate-identity | --certificate-oidc-issuer | --key | --trusted-root)
            [ $# -gt 1 ] || usage ;;
        -*) echo "$0: unknown option $1" >&2; exit 64 ;;
        *) [ -z "$file" ] || usage; file=$1; shift; continue ;;
    esac
    case $1 in
        --bundle) bundle=$2 ;;
        --certificate-identity) identity=$2 ;;
        --certificate-oidc-issuer) issuer=$2 ;;
        --key) key=$2 ;;
        --trusted-root) root=$2 ;;
    esac
    shift 2
done
[ -n "$bundle" ] && [ -n "$file" ] || usage

# What has the form of a digest is one unless there is such a file; no name of a file is an option.
if [ ! -e "$file" ] && printf '%s' "$file" | grep -Eqx 'sha256:[0-9a-f]{64}'; then
    set -- --digest "$file"
else
    case $file in /*) ;; *) file=./$file ;; esac
    set -- "$file"
fi
# The suite's statements are of many types.
set -- artifact verify-file "$@" --any-predicate --bundle "$bundle"
if [ -n "$key" ]; then
    [ -z "$identity$issuer" ] || usage
    exec "$imprimatur" "$@" --public-key "$key"
fi
[ -n "$identity" ] && [ -n "$issuer" ] || usage
root=${root:-$default}
[ -n "$root" ] || { echo "$0: SIGSTORE_ROOT names no trusted_root.json" >&2; exit 2; }
exec "$imprimatur" "$@" --sigstore-root "$root" --identity "$identity" --issuer "$issuer"
