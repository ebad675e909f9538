/* OpenSSL 3 marks SHA256_Init and its kin as deprecated, and RSA_verify too; we want them, see
   Sources/Cryptography/SHA256.swift and RSAPublicKey.swift. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

/* XN_FLAG_RFC2253 is a macro of a form that Swift does not see. Names as RFC 4514 writes them, characters beyond ASCII
   as UTF-8. */
static const unsigned long countersign_name_flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
