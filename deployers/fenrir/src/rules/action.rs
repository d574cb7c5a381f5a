//! Actions of listeners and listener rules of load balancers.

use super::reference_kinds as kinds;
use super::table::Shape::{Any, Boolean, Integer, List, Names, Object, OneOf, Required, Text};
use super::table::Table;

pub(super) const ACTION: Table = &[
    ("AuthenticateCognitoConfig", Object(AUTHENTICATE_COGNITO_CONFIG)),
    ("AuthenticateOidcConfig", Object(AUTHENTICATE_OIDC_CONFIG)),
    ("FixedResponseConfig", Object(FIXED_RESPONSE_CONFIG)),
    ("ForwardConfig", Object(FORWARD_CONFIG)),
    ("JwtValidationConfig", Object(JWT_VALIDATION_CONFIG)),
    ("Order", Integer),
    ("RedirectConfig", Object(REDIRECT_CONFIG)),
    ("TargetGroupArn", Names(&kinds::TARGET_GROUP)),
    (
        "Type",
        Required(&OneOf(&[
            "authenticate-cognito",
            "authenticate-oidc",
            "fixed-response",
            "forward",
            "jwt-validation",
            "redirect",
        ])),
    ),
];
const AUTHENTICATE_COGNITO_CONFIG: Table = &[
    ("AuthenticationRequestExtraParams", Any),
    ("OnUnauthenticatedRequest", OneOf(&["allow", "authenticate", "deny"])),
    ("Scope", Text),
    ("SessionCookieName", Text),
    ("SessionTimeout", Integer),
    ("UserPoolArn", Required(&Names(&kinds::USER_POOL))),
    ("UserPoolClientId", Required(&Text)),
    ("UserPoolDomain", Required(&Text)),
];
const AUTHENTICATE_OIDC_CONFIG: Table = &[
    ("AuthenticationRequestExtraParams", Any),
    ("AuthorizationEndpoint", Required(&Text)),
    ("ClientId", Required(&Text)),
    ("ClientSecret", Text),
    ("Issuer", Required(&Text)),
    ("OnUnauthenticatedRequest", OneOf(&["allow", "authenticate", "deny"])),
    ("Scope", Text),
    ("SessionCookieName", Text),
    ("SessionTimeout", Integer),
    ("TokenEndpoint", Required(&Text)),
    ("UseExistingClientSecret", Boolean),
    ("UserInfoEndpoint", Required(&Text)),
];
const FIXED_RESPONSE_CONFIG: Table = &[("ContentType", Text), ("MessageBody", Text), ("StatusCode", Required(&Text))];
const FORWARD_CONFIG: Table = &[
    ("TargetGroupStickinessConfig", Object(TARGET_GROUP_STICKINESS_CONFIG)),
    ("TargetGroups", List(&Object(TARGET_GROUP_TUPLE))),
];
const TARGET_GROUP_STICKINESS_CONFIG: Table = &[("DurationSeconds", Integer), ("Enabled", Boolean)];
const TARGET_GROUP_TUPLE: Table = &[("TargetGroupArn", Names(&kinds::TARGET_GROUP)), ("Weight", Integer)];
const JWT_VALIDATION_CONFIG: Table = &[
    ("AdditionalClaims", List(&Object(JWT_VALIDATION_ACTION_ADDITIONAL_CLAIM))),
    ("Issuer", Required(&Text)),
    ("JwksEndpoint", Required(&Text)),
];
const JWT_VALIDATION_ACTION_ADDITIONAL_CLAIM: Table = &[
    ("Format", Required(&OneOf(&["single-string", "space-separated-values", "string-array"]))),
    ("Name", Required(&Text)),
    ("Values", Required(&List(&Text))),
];
const REDIRECT_CONFIG: Table = &[
    ("Host", Text),
    ("Path", Text),
    ("Port", Text),
    ("Protocol", Text),
    ("Query", Text),
    ("StatusCode", Required(&OneOf(&["HTTP_301", "HTTP_302"]))),
];
