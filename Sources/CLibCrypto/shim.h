/* OpenSSL 3 marks SHA256_Init and its kin as deprecated, and RSA_verify too; we want them, see
   Sources/Cryptography/SHA256.swift and RSAPublicKey.swift. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
