//! The codes of the national standard (SCSP), as data.

use super::fault::Class::{self, Ambiguous, Duplicate, NoData, Permanent, Transient};

/// A code of the SCSP standard, which issuers' own results carry and the platform may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ScspCode {
    /// Four digits.
    pub code: &'static str,
    /// What can be done about it; `None` for the codes that are no failure.
    pub class: Option<Class>,
    /// What it means, for an engineer.
    pub meaning: &'static str,
}

/// The meaning of a four-digit SCSP code, if the standard has it.
pub fn scsp(code: &str) -> Option<&'static ScspCode> {
    SCSP.iter().find(|known| known.code == code)
}

const fn progress(code: &'static str, meaning: &'static str) -> ScspCode {
    ScspCode {
        code,
        class: None,
        meaning,
    }
}

const fn failure(code: &'static str, class: Class, meaning: &'static str) -> ScspCode {
    ScspCode {
        code,
        class: Some(class),
        meaning,
    }
}

/// Source: error table of the SCSP libraries; not confirmed for this platform.
pub const SCSP: &[ScspCode] = &[
    progress("0001", "pending"),
    progress("0002", "in process"),
    progress("0003", "finished"),
    progress("0004", "being polled"),
    failure("0101", Transient, "the source cannot be reached"),
    failure("0102", Transient, "the source did not reply"),
    failure("0103", Transient, "the source's reply is not XML"),
    failure("0201", Transient, "no request identifier could be made"),
    failure("0202", Transient, "the request could not be stored"),
    failure("0203", Transient, "the state could not be stored"),
    failure("0204", Transient, "the estimated time could not be stored"),
    failure("0205", Transient, "the last poll could not be stored"),
    failure("0206", Transient, "the answer could not be stored"),
    failure("0207", Transient, "the state could not be read"),
    failure("0208", Permanent, "the stored answer has expired"),
    failure(
        "0225",
        Permanent,
        "the answer was delivered as often as allowed",
    ),
    failure("0226", Permanent, "the XML could not be parsed"),
    failure("0227", Transient, "the answer could not be built"),
    failure("0229", Duplicate, "the request was already processed"),
    failure(
        "0230",
        Permanent,
        "the TimeStamp is not of today or yesterday",
    ),
    failure("0231", Permanent, "the document is wrong"),
    failure("0232", NoData, "the document has more than one identifier"),
    failure("0233", NoData, "the holder is not identified"),
    failure("0234", Permanent, "the modality is not configured"),
    failure("0235", Permanent, "the certificate is not the requester's"),
    failure("0236", Permanent, "the consent is not valid"),
    failure("0237", Permanent, "NumElementos is not valid"),
    failure("0238", NoData, "the information is not available"),
    failure("0239", Permanent, "the specific data cannot be processed"),
    failure("0240", Permanent, "the NIE is badly written"),
    failure("0241", Permanent, "the certificate or answer has expired"),
    failure("0242", Transient, "the source's back office failed"),
    failure(
        "0243",
        Permanent,
        "a request names another modality than its attributes",
    ),
    failure("0244", Permanent, "the request is not known"),
    failure(
        "0246",
        Permanent,
        "IdTransmision is assigned inconsistently",
    ),
    failure("0247", Permanent, "the estimated time is not valid"),
    failure(
        "0248",
        Permanent,
        "there are not as many answers as requests",
    ),
    failure("0253", Permanent, "one request names several requesters"),
    failure("0301", Permanent, "the organisation is not authorised"),
    failure("0302", Permanent, "the certificate has expired"),
    failure("0303", Permanent, "the certificate is revoked"),
    failure(
        "0304",
        Permanent,
        "the certificate is not the one that sent the request",
    ),
    failure("0305", Permanent, "the signature is not valid"),
    failure("0306", Transient, "the answer could not be signed"),
    failure("0307", Permanent, "there is no signature"),
    failure("0308", Permanent, "the SOAP signature cannot be read"),
    failure("0309", Transient, "the certificate could not be verified"),
    failure(
        "0310",
        Permanent,
        "the certification authority cannot be verified",
    ),
    failure(
        "0311",
        Permanent,
        "the signer's certificate is not in the message",
    ),
    failure("0312", Permanent, "the issuer's NIF does not match"),
    failure("0313", Permanent, "encryption or decryption failed"),
    failure(
        "0314",
        Permanent,
        "the procedure is not authorised for the service",
    ),
    failure(
        "0317",
        Permanent,
        "the answer is asked for by another requester",
    ),
    failure("0401", Permanent, "the message does not match its schema"),
    failure("0402", Permanent, "a mandatory field is missing"),
    failure("0403", Permanent, "the SOAP message holds no XML"),
    failure("0404", Permanent, "the document type is not valid"),
    failure("0405", Transient, "the message could not be transformed"),
    failure(
        "0406",
        Permanent,
        "the SOAP message holds something unexpected",
    ),
    failure(
        "0414",
        Permanent,
        "NumElementos is not the number of requests",
    ),
    failure(
        "0415",
        Permanent,
        "more than one request: only asynchronously",
    ),
    failure("0419", Permanent, "request identifiers are repeated"),
    failure("0501", Transient, "database error"),
    failure("0502", Ambiguous, "system error"),
    failure("0504", Transient, "configuration error"),
    failure("0901", Transient, "the service is not available"),
    failure(
        "0902",
        Permanent,
        "the service does not answer synchronously",
    ),
    failure(
        "0903",
        Permanent,
        "the service does not answer asynchronously",
    ),
    failure("0904", Transient, "undefined error"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_codes_is_sorted_and_has_no_repetition() {
        assert!(SCSP.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(scsp("0233").and_then(|code| code.class), Some(NoData));
        assert_eq!(scsp("0229").and_then(|code| code.class), Some(Duplicate));
        assert_eq!(scsp("9999"), None);
    }
}
