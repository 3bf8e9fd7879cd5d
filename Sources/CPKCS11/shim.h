// What we use of PKCS #11 v2.40 (OASIS, "Cryptographic Token Interface Base Specification") and,
// for Ed25519, of v3.0: types, numbers, and the list of functions up to C_Sign, in its order.
#ifndef IMPRIMATUR_PKCS11_H
#define IMPRIMATUR_PKCS11_H

typedef unsigned long pk_ulong;

typedef struct { pk_ulong type; void *value; pk_ulong count; } pk_attribute;
typedef struct { pk_ulong mechanism; void *parameter; pk_ulong count; } pk_mechanism;
typedef struct {
    void *create_mutex, *destroy_mutex, *lock_mutex, *unlock_mutex;
    pk_ulong flags;
    void *reserved;
} pk_initialize_args;
typedef struct {
    unsigned char label[32], manufacturer[32], model[16], serial[16];
    pk_ulong flags, counts[10];
    unsigned char hardware[2], firmware[2], time[16];
} pk_token_info;

typedef struct {
    struct { unsigned char major, minor; } version;
    pk_ulong (*C_Initialize)(void *args);
    pk_ulong (*C_Finalize)(void *reserved);
    void *C_GetInfo, *C_GetFunctionList;
    pk_ulong (*C_GetSlotList)(unsigned char present, pk_ulong *slots, pk_ulong *count);
    void *C_GetSlotInfo;
    pk_ulong (*C_GetTokenInfo)(pk_ulong slot, pk_token_info *info);
    void *C_GetMechanismList, *C_GetMechanismInfo, *C_InitToken, *C_InitPIN, *C_SetPIN;
    pk_ulong (*C_OpenSession)(
        pk_ulong slot, pk_ulong flags, void *application, void *notify, pk_ulong *session);
    pk_ulong (*C_CloseSession)(pk_ulong session);
    void *C_CloseAllSessions, *C_GetSessionInfo, *C_GetOperationState, *C_SetOperationState;
    pk_ulong (*C_Login)(pk_ulong session, pk_ulong user, const unsigned char *pin, pk_ulong count);
    void *C_Logout, *C_CreateObject, *C_CopyObject, *C_DestroyObject, *C_GetObjectSize;
    pk_ulong (*C_GetAttributeValue)(
        pk_ulong session, pk_ulong object, pk_attribute *attributes, pk_ulong count);
    void *C_SetAttributeValue;
    pk_ulong (*C_FindObjectsInit)(pk_ulong session, pk_attribute *attributes, pk_ulong count);
    pk_ulong (*C_FindObjects)(
        pk_ulong session, pk_ulong *objects, pk_ulong most, pk_ulong *count);
    pk_ulong (*C_FindObjectsFinal)(pk_ulong session);
    void *C_EncryptInit, *C_Encrypt, *C_EncryptUpdate, *C_EncryptFinal;
    void *C_DecryptInit, *C_Decrypt, *C_DecryptUpdate, *C_DecryptFinal;
    void *C_DigestInit, *C_Digest, *C_DigestUpdate, *C_DigestKey, *C_DigestFinal;
    pk_ulong (*C_SignInit)(pk_ulong session, pk_mechanism *mechanism, pk_ulong key);
    pk_ulong (*C_Sign)(
        pk_ulong session, const unsigned char *data, pk_ulong count, unsigned char *signature,
        pk_ulong *signature_count);
} pk_functions;

typedef pk_ulong (*pk_get_function_list)(pk_functions **list);

enum {
    PK_OK = 0,
    PK_DEVICE_ERROR = 0x30,
    PK_DEVICE_REMOVED = 0x32,
    PK_KEY_TYPE_INCONSISTENT = 0x63,
    PK_KEY_FUNCTION_NOT_PERMITTED = 0x68,
    PK_MECHANISM_INVALID = 0x70,
    PK_OBJECT_HANDLE_INVALID = 0x82,
    PK_PIN_INCORRECT = 0xA0,
    PK_PIN_LEN_RANGE = 0xA2,
    PK_PIN_LOCKED = 0xA4,
    PK_SESSION_HANDLE_INVALID = 0xB3,
    PK_SIGNATURE_INVALID = 0xC0,
    PK_TOKEN_NOT_PRESENT = 0xE0,
    PK_USER_ALREADY_LOGGED_IN = 0x100,
    PK_USER_NOT_LOGGED_IN = 0x101,
    PK_ALREADY_INITIALIZED = 0x191,

    PK_OS_LOCKING_OK = 2,
    PK_SERIAL_SESSION = 4,
    PK_USER = 1,

    PK_A_CLASS = 0,
    PK_A_LABEL = 3,
    PK_A_KEY_TYPE = 0x100,
    PK_A_ID = 0x102,
    PK_A_EC_POINT = 0x181,

    PK_CLASS_PUBLIC_KEY = 2,
    PK_CLASS_PRIVATE_KEY = 3,
    PK_KEY_EC = 3,
    PK_KEY_EC_EDWARDS = 0x40,
    PK_M_ECDSA = 0x1041,
    PK_M_EDDSA = 0x1057,
};

#endif
