// What Swift cannot call by itself: macros, variadic functions, callbacks with state.
#pragma once

// The low-level SHA-256 functions are marked deprecated in OpenSSL 3 because they bypass providers.
// We want exactly that for plain digests: EVP_Q_digest looks its algorithm up on every call, which
// costs several times the hashing of a 65-byte tree node.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>

// SHA-256 of two pieces in one go; either may be empty.
static inline void shim_sha256(const void *first, size_t first_count, const void *second,
                               size_t second_count, unsigned char *digest) {
    SHA256_CTX context;
    SHA256_Init(&context);
    if (first_count > 0) SHA256_Update(&context, first, first_count);
    if (second_count > 0) SHA256_Update(&context, second, second_count);
    SHA256_Final(digest, &context);
}

// SHA-256 of a byte followed by two pieces: the shape of every hash of a transparency log.
static inline void shim_sha256_tagged(unsigned char tag, const void *first, size_t first_count,
                                      const void *second, size_t second_count,
                                      unsigned char *digest) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, &tag, 1);
    if (first_count > 0) SHA256_Update(&context, first, first_count);
    if (second_count > 0) SHA256_Update(&context, second, second_count);
    SHA256_Final(digest, &context);
}

// EVP_PKEY_Q_keygen is variadic.
static inline EVP_PKEY *shim_generate_ec(const char *curve) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
}

static inline EVP_PKEY *shim_generate_ed25519(void) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

// A public key from the bytes of its point, without the generic decoder of OpenSSL 3, which takes
// longer than a verification. The point is checked to lie on the curve.
static inline EVP_PKEY *shim_ec_public_key(const char *curve, const unsigned char *point,
                                           size_t count) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, count),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (context == NULL) return NULL;
    if (EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

// BIO_get_mem_data is a macro.
static inline size_t shim_bio_data(BIO *bio, const unsigned char **data) {
    long count = BIO_get_mem_data(bio, (char **)data);
    return count > 0 ? (size_t)count : 0;
}

struct shim_passphrase {
    const unsigned char *bytes;
    size_t count;
};

// Hands OpenSSL the passphrase with its length, so that it may hold any byte, and never asks on the
// terminal, which is what OpenSSL does when there is no callback.
static inline int shim_give_passphrase(char *buffer, int capacity, int is_writing, void *context) {
    const struct shim_passphrase *passphrase = (const struct shim_passphrase *)context;
    (void)is_writing;
    if (passphrase->bytes == NULL || capacity < 0 || passphrase->count > (size_t)capacity) return -1;
    memcpy(buffer, passphrase->bytes, passphrase->count);
    return (int)passphrase->count;
}

static inline EVP_PKEY *shim_read_private_key(BIO *bio, const unsigned char *passphrase,
                                              size_t count) {
    struct shim_passphrase context = {passphrase, count};
    return PEM_read_bio_PrivateKey(bio, NULL, shim_give_passphrase, &context);
}
