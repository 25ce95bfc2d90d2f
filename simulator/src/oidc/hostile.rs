//! One way of misbehaving each.

/// What a hostile or broken provider does; the relying party must refuse every one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Hostile {
    /// The ID token carries a MAC under the public key as if it were a shared secret.
    AlgHs256,
    /// The ID token is not signed: `alg: none`.
    AlgNone,
    AudienceMissing,
    /// A second audience stands beside the right one.
    AudienceTooMany,
    AudienceWrong,
    /// `acr` tells a level below the one the person reached.
    AcrLower,
    AcrMissing,
    /// `at_hash` is that of another access token.
    AtHashWrong,
    /// `auth_time` lies a day back.
    AuthTimeStale,
    /// `azp` names another relying party.
    AzpOther,
    /// The header has `crit` with an extension nobody knows.
    CritUnknown,
    /// Discovery tells another issuer than the one asked.
    DiscoveryIssuerOther,
    /// The ID token ran out an hour ago.
    Expired,
    IatFuture,
    IatMissing,
    /// `iss` of the ID token is another provider.
    IssuerOther,
    /// `iss` of the ID token has a final slash.
    IssuerSlash,
    /// Signed by a key that is in no set, under its own `kid`.
    KidForeign,
    /// The key set answers with a page for people.
    KeysBroken,
    NbfFuture,
    NonceMissing,
    NonceWrong,
    /// The authorization response tells another `iss`.
    ResponseIssuerOther,
    /// The authorization response tells no `iss`.
    ResponseIssuerMissing,
    /// Signed by another key under the right `kid`.
    SignatureBad,
    SubjectMissing,
    /// The header says `typ: logout+jwt`.
    TypeOther,
    /// User info tells another document number.
    UserInfoOtherDocument,
    /// User info speaks of another subject.
    UserInfoOtherSubject,
}

impl Hostile {
    /// Those that make an ID token no relying party may accept, whatever its configuration.
    pub const ID_TOKEN: [Self; 17] = [
        Self::AlgHs256,
        Self::AlgNone,
        Self::AudienceMissing,
        Self::AudienceTooMany,
        Self::AudienceWrong,
        Self::AzpOther,
        Self::CritUnknown,
        Self::Expired,
        Self::IatFuture,
        Self::IatMissing,
        Self::IssuerOther,
        Self::IssuerSlash,
        Self::KidForeign,
        Self::NonceMissing,
        Self::NonceWrong,
        Self::SignatureBad,
        Self::SubjectMissing,
    ];
}
