//! Bodies of requests and answers, which may be secret: wiped when dropped. They are not locked, for whoever may ask could then use
//! all memory up that can be. On their way through hyper and TLS they lie for a moment in buffers that are not wiped either.

use std::error::Error;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use photonbox_vault::api::{MAX_BODY, json_length};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha384};
use zeroize::Zeroizing;

use crate::problem::Refusal;

/// A JSON body of at most so many bytes, and what the request was as a whole.
pub(crate) struct Given<T, const MOST: usize = MAX_BODY> {
    pub(crate) body: T,
    pub(crate) digest: [u8; 48],
}

impl<T: DeserializeOwned, S: Send + Sync, const MOST: usize> FromRequest<S> for Given<T, MOST> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let json = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.as_bytes();
            let end = kind.iter().position(|byte| *byte == b';');
            kind[..end.unwrap_or(kind.len())]
                .trim_ascii()
                .eq_ignore_ascii_case(b"application/json")
        });
        if !json {
            return Err(Refusal::NotJson);
        }
        let body = whole(body, MOST).await?;
        let mut digest = Sha384::new();
        for part in [parts.method.as_str(), parts.uri.path()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.update(&*body);
        let body = serde_json::from_slice(&body)
            .map_err(|error| Refusal::Bad(format!("the body is not right: {error}")))?;
        Ok(Self {
            body,
            digest: digest.finalize().into(),
        })
    }
}

async fn whole(body: Body, most: usize) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let (mut parts, mut length) = (Vec::new(), 0);
    let mut body = Limited::new(body, most);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| refusal(&*error, most))?;
        if let Ok(data) = frame.into_data() {
            length += data.len();
            parts.push(Zeroizing::new(data.to_vec()));
        }
    }
    // At its length from the start: where a vector grows it leaves a copy behind.
    let mut whole = Zeroizing::new(Vec::with_capacity(length));
    for part in parts {
        whole.extend_from_slice(&part);
    }
    Ok(whole)
}

fn refusal(error: &(dyn Error + 'static), most: usize) -> Refusal {
    if error.is::<LengthLimitError>() {
        return Refusal::TooLong(most);
    }
    Refusal::Bad("the body ended too early".into())
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// Handed to hyper, which reads it from there.
struct Sent(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn written(value: &impl Serialize) -> serde_json::Result<Sent> {
    let mut text = Zeroizing::new(Vec::with_capacity(json_length(value)?));
    serde_json::to_writer(&mut *text, value)?;
    Ok(Sent(text))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let text = match written(&self.0) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let kind = HeaderValue::from_static("application/json");
        let body = Body::from(Bytes::from_owner(text));
        ([(CONTENT_TYPE, kind)], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use photonbox_vault::api::Bytes as Base64;

    /// A body that comes in parts.
    struct Frames(std::collections::VecDeque<&'static [u8]>);

    impl hyper::body::Body for Frames {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            let frame = self.0.pop_front().map(Bytes::from_static);
            std::task::Poll::Ready(frame.map(hyper::body::Frame::data).map(Ok))
        }
    }

    fn request(frames: &[&'static [u8]]) -> Request {
        let body = Body::new(Frames(frames.iter().copied().collect()));
        let request = Request::builder().header(CONTENT_TYPE, "application/json; charset=utf-8");
        request.body(body).expect("a request")
    }

    /// In however many frames it comes, and up to the last byte that it may have.
    #[tokio::test]
    async fn a_body_is_what_its_frames_are() {
        let frames: [&'static [u8]; 5] = [b"\"AP", b"", b"8gcGhv", b"dG9", b"u\""];
        let given = Given::<Base64, 14>::from_request(request(&frames), &()).await;
        let given = given.expect("a body");
        assert_eq!(given.body.as_slice(), b"\x00\xff photon");
        let at_once = Given::<Base64>::from_request(request(&[b"\"AP8gcGhvdG9u\""]), &()).await;
        assert_eq!(at_once.expect("a body").digest, given.digest);
        let long = Given::<Base64, 13>::from_request(request(&frames), &()).await;
        assert_eq!(long.err(), Some(Refusal::TooLong(13)));
    }

    #[tokio::test]
    async fn an_answer_is_its_json() {
        let answer = Json(Base64::new(*b"\x00\xff photon")).into_response();
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
        let body = whole(answer.into_body(), 14).await.expect("a body");
        assert_eq!(&body[..], b"\"AP8gcGhvdG9u\"");
    }
}
