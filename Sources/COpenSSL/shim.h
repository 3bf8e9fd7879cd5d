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
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

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

// MARK: certificates. Stacks and callbacks are macros in OpenSSL.

// Seconds since 1970; INT64_MIN when it is no time.
static inline int64_t shim_seconds(const ASN1_TIME *time) {
    struct tm parts;
    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) return INT64_MIN;
    return (int64_t)timegm(&parts);
}

enum { SHIM_MOST_FAULTS = 16 };

struct shim_faults {
    int count;
    int number[SHIM_MOST_FAULTS];
    int depth[SHIM_MOST_FAULTS];
};

// Notes every fault and lets the verification go on, so that all are found.
static inline int shim_note_fault(int ok, X509_STORE_CTX *context) {
    struct shim_faults *faults = (struct shim_faults *)X509_STORE_CTX_get_app_data(context);
    if (ok == 1) return 1;
    if (faults->count < SHIM_MOST_FAULTS) {
        faults->number[faults->count] = X509_STORE_CTX_get_error(context);
        faults->depth[faults->count] = X509_STORE_CTX_get_error_depth(context);
        faults->count += 1;
    }
    return 1;
}

// Builds and checks a path from the leaf to one of the anchors at a time. Answers 1 when it could be
// done, whatever it found. `path` receives up to `capacity` certificates, leaf first, each with a
// reference of the caller's own; without any when there is no path.
static inline int shim_verify_path(X509 *leaf, X509 *const *intermediates, size_t intermediate_count,
                                   X509 *const *anchors, size_t anchor_count, int64_t time,
                                   unsigned long flags, int auth_level,
                                   struct shim_faults *faults, X509 **path, size_t capacity,
                                   size_t *path_count) {
    int done = 0;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    faults->count = 0;
    *path_count = 0;
    if (store == NULL || context == NULL || untrusted == NULL) goto end;
    for (size_t i = 0; i < anchor_count; i++) {
        if (X509_STORE_add_cert(store, anchors[i]) != 1) goto end;
    }
    for (size_t i = 0; i < intermediate_count; i++) {
        if (sk_X509_push(untrusted, intermediates[i]) <= 0) goto end;
    }
    if (X509_STORE_CTX_init(context, store, leaf, untrusted) != 1) goto end;
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)time);
    X509_VERIFY_PARAM_set_flags(parameters, flags);
    X509_VERIFY_PARAM_set_auth_level(parameters, auth_level);
    X509_VERIFY_PARAM_set_depth(parameters, 8);
    X509_STORE_CTX_set_app_data(context, faults);
    X509_STORE_CTX_set_verify_cb(context, shim_note_fault);
    int status = X509_verify_cert(context);
    if (status < 0) goto end;
    if (status != 1 && faults->count == 0) {
        faults->number[0] = X509_STORE_CTX_get_error(context);
        faults->depth[0] = 0;
        faults->count = 1;
    }
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    for (int i = 0; i < sk_X509_num(chain) && (size_t)i < capacity; i++) {
        X509 *certificate = sk_X509_value(chain, i);
        if (X509_up_ref(certificate) != 1) goto end;
        path[(*path_count)++] = certificate;
    }
    done = 1;
end:
    sk_X509_free(untrusted);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return done;
}

// RFC 2253, multi-byte characters as they are, everything that has a meaning escaped.
static inline int shim_print_name(BIO *bio, const X509_NAME *name) {
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
}

// One name of a certificate: GEN_EMAIL, GEN_DNS, GEN_URI as text, GEN_OTHERNAME as the DER of its
// value with its object identifier; other kinds are skipped (kind -1).
struct shim_name {
    int kind;
    const unsigned char *bytes;
    size_t count;
    char oid[80];
};

static inline GENERAL_NAMES *shim_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline int shim_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

static inline struct shim_name shim_names_at(const GENERAL_NAMES *names, int index) {
    struct shim_name name = {-1, NULL, 0, ""};
    int kind = -1;
    void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &kind);
    const ASN1_STRING *text = NULL;
    if (kind == GEN_EMAIL || kind == GEN_DNS || kind == GEN_URI) {
        text = (const ASN1_STRING *)value;
    } else if (kind == GEN_OTHERNAME) {
        const OTHERNAME *other = (const OTHERNAME *)value;
        if (other->value == NULL || other->value->type != V_ASN1_UTF8STRING) return name;
        text = other->value->value.utf8string;
        OBJ_obj2txt(name.oid, sizeof name.oid, other->type_id, 1);
    }
    if (text == NULL) return name;
    name.kind = kind;
    name.bytes = ASN1_STRING_get0_data(text);
    name.count = (size_t)ASN1_STRING_length(text);
    return name;
}

static inline EXTENDED_KEY_USAGE *shim_usages(const X509 *certificate) {
    return (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
}

static inline int shim_usages_count(const EXTENDED_KEY_USAGE *usages) {
    return sk_ASN1_OBJECT_num(usages);
}

static inline int shim_usages_at(const EXTENDED_KEY_USAGE *usages, int index, char *oid, int count) {
    return OBJ_obj2txt(oid, count, sk_ASN1_OBJECT_value(usages, index), 1);
}

static inline void shim_usages_free(EXTENDED_KEY_USAGE *usages) {
    sk_ASN1_OBJECT_pop_free(usages, ASN1_OBJECT_free);
}

// Whether a list has an extension that must be understood.
static inline int shim_has_critical(const STACK_OF(X509_EXTENSION) *extensions) {
    for (int i = 0; i < sk_X509_EXTENSION_num(extensions); i++) {
        if (X509_EXTENSION_get_critical(sk_X509_EXTENSION_value(extensions, i))) return 1;
    }
    return 0;
}

// MARK: time stamps

// Checks a token against data, at the time that it states itself. 1 when it holds.
static inline int shim_verify_timestamp(TS_RESP *response, const unsigned char *data, size_t count,
                                        int64_t time, X509 *const *anchors, size_t anchor_count,
                                        X509 *const *others, size_t other_count) {
    int answer = -1;
    TS_VERIFY_CTX *context = TS_VERIFY_CTX_new();
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *certificates = sk_X509_new_null();
    BIO *bio = BIO_new_mem_buf(data, (int)count);
    if (context == NULL || store == NULL || certificates == NULL || bio == NULL) goto end;
    for (size_t i = 0; i < anchor_count; i++) {
        if (X509_STORE_add_cert(store, anchors[i]) != 1) goto end;
    }
    for (size_t i = 0; i < other_count; i++) {
        if (X509_up_ref(others[i]) != 1) goto end;
        if (sk_X509_push(certificates, others[i]) <= 0) {
            X509_free(others[i]);
            goto end;
        }
    }
    X509_VERIFY_PARAM *parameters = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)time);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_auth_level(parameters, 2);
    TS_VERIFY_CTX_set_flags(context, TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_DATA);
    TS_VERIFY_CTX_set_store(context, store);
    store = NULL;
    TS_VERIFY_CTX_set_certs(context, certificates);
    certificates = NULL;
    TS_VERIFY_CTX_set_data(context, bio);
    bio = NULL;
    answer = TS_RESP_verify_response(context, response) == 1;
end:
    BIO_free(bio);
    sk_X509_pop_free(certificates, X509_free);
    X509_STORE_free(store);
    TS_VERIFY_CTX_free(context);
    return answer;
}

// The NID of the hash that a token was made over.
static inline int shim_timestamp_hash(TS_TST_INFO *info) {
    X509_ALGOR *algorithm = TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info));
    const ASN1_OBJECT *object = NULL;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return OBJ_obj2nid(object);
}
