//! Keys for tokens in measurements: the same on all sides. They protect nothing.

/// How a handshake is authenticated.
pub const WAYS: [&str; 4] = ["none", "HS256", "ES256", "RS256"];

/// The secret for HS256.
pub const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";
macro_rules! key {
    ($file:literal) => {
        include_bytes!(concat!("../ws-server/src/authenticate/bearer/testdata/", $file))
    };
}
/// PKCS #8, for ES256.
pub const P256: &[u8] = key!("p256.pem");
/// `SubjectPublicKeyInfo`, for ES256.
pub const P256_PUBLIC: &[u8] = key!("p256_public.pem");
/// PKCS #8, for RS256.
pub const RSA: &[u8] = key!("rsa.pem");
/// `SubjectPublicKeyInfo`, for RS256; 2048 bits.
pub const RSA_PUBLIC: &[u8] = key!("rsa_public.pem");
