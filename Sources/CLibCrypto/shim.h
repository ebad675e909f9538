/* OpenSSL 3 marks SHA256_Init and its kin as deprecated; we want them, see Sources/Cryptography/SHA256.swift. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
