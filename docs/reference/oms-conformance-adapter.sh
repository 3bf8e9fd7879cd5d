#!/bin/sh
# Lets the public conformance suite for OpenSSF Model Signing drive `imprimatur`.
#
#   IMPRIMATUR=/path/to/imprimatur   the program (default: the one in PATH)
#   SIGSTORE_ROOT=trusted_root.json  needed for --method sigstore
#
# The exit code is the answer: 0 signed or valid, anything else not. The suite names no identity for
# certificates, so whomever the given root certifies is accepted, in the profile of the signers in
# circulation; nobody should verify like that outside of this suite. Keyless signing needs a login
# in a browser and a log on the network, and is not offered.
set -eu

imprimatur=${IMPRIMATUR:-imprimatur}
usage() { echo "usage: $0 sign-model|verify-model --method key|certificate|sigstore …" >&2; exit 64; }

[ $# -gt 0 ] || usage
verb=$1
shift
if [ "$verb" = capabilities ]; then
    echo '{"methods":{"sign":["key","certificate"],"verify":["key","certificate","sigstore"]}}'
    exit 0
fi

method='' model='' bundle='' private='' certificate='' public='' identity='' issuer='' unsigned=''
chain=$(mktemp)
ignored=$(mktemp)
roots=$(mktemp)
trap 'rm -f "$chain" "$ignored" "$roots"' EXIT
while [ $# -gt 0 ]; do
    case $1 in
        --method) method=$2; shift ;;
        --model-path) model=$2; shift ;;
        --output-bundle | --bundle) bundle=$2; shift ;;
        --private-key) private=$2; shift ;;
        --signing-cert) certificate=$2; shift ;;
        --cert-chain) printf '%s\n' "$2" >>"$chain"; cat "$2" >>"$roots"; shift ;;
        --public-key) public=$2; shift ;;
        --identity) identity=$2; shift ;;
        --identity-provider) issuer=$2; shift ;;
        --ignore-paths) printf '%s\n' "$2" >>"$ignored"; shift ;;
        --ignore-unsigned-files) unsigned=--allow-unsigned ;;
        *) echo "$0: unknown option $1" >&2; exit 64 ;;
    esac
    shift
done
[ -n "$method" ] && [ -n "$model" ] && [ -n "$bundle" ] || usage

# Paths to ignore come as absolute ones; the format wants them relative to the model. The signature
# itself is never part of the model, and what lies elsewhere needs no ignoring.
top=$(realpath -s -- "$model")
set --
while IFS= read -r path; do
    path=$(realpath -s -- "$path")
    [ "$path" = "$(realpath -s -- "$bundle")" ] && continue
    case $path in "$top"/*) set -- "$@" --ignore "${path#"$top"/}" ;; esac
done <"$ignored"

case $verb-$method in
    sign-model-key)
        exec "$imprimatur" artifact sign "$model" --signature "$bundle" --key "$private" "$@" ;;
    sign-model-certificate)
        while IFS= read -r path; do set -- "$@" --chain "$path"; done <"$chain"
        exec "$imprimatur" artifact sign "$model" --signature "$bundle" --key "$private" \
            --certificate "$certificate" "$@" ;;
    verify-model-key)
        exec "$imprimatur" artifact verify "$model" --signature "$bundle" \
            --public-key "$public" $unsigned "$@" ;;
    verify-model-certificate)
        "$imprimatur" artifact verify "$model" --signature "$bundle" --trust-root "$roots" \
            --profile oms-compat --any-identity $unsigned "$@" ;;
    verify-model-sigstore)
        exec "$imprimatur" artifact verify "$model" --signature "$bundle" \
            --sigstore-root "${SIGSTORE_ROOT:?names no trusted_root.json}" \
            --identity "$identity" --issuer "$issuer" $unsigned "$@" ;;
    sign-model-sigstore) echo "$0: keyless signing is not offered" >&2; exit 2 ;;
    *) usage ;;
esac
