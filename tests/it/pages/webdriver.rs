//! As much of WebDriver (W3C) as a walk through the pages needs, spoken to Debian's chromedriver.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use simulator::ambient::http_client;

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with the screen of a small phone.
pub(super) struct Phone {
    driver: Child,
    session: String,
    http: reqwest::Client,
}

/// CSS pixels, the narrowest screen the pages are made for.
pub(super) const WIDTH: u64 = 360;

impl Phone {
    pub(super) async fn open() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs; Debian's package is chromium-driver");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                line.rsplit_once("successfully on port ")
                    .map(|(_, rest)| rest.to_owned())
            })
            .map(|rest| {
                rest.chars()
                    .take_while(char::is_ascii_digit)
                    .collect::<String>()
            })
            .expect("chromedriver says its port");
        let base = format!("http://127.0.0.1:{port}/session");
        let http = http_client().unwrap();
        let mut phone = Self {
            driver,
            session: base,
            http,
        };
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                    "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync",
                ],
                "mobileEmulation":
                    {"deviceMetrics": {"width": WIDTH, "height": 800, "pixelRatio": 2.0}},
            },
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = phone.call(Method::POST, "", capabilities).await.unwrap();
        phone.session = format!(
            "{}/{}",
            phone.session,
            session["sessionId"].as_str().unwrap()
        );
        phone
    }

    pub(super) async fn visit(&self, url: &str) {
        self.call(Method::POST, "/url", json!({"url": url}))
            .await
            .unwrap();
    }

    pub(super) async fn address(&self) -> String {
        self.call(Method::GET, "/url", Value::Null)
            .await
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Presses the first element that fits a CSS selector, waiting for it to appear.
    pub(super) async fn press(&self, selector: &str) {
        self.press_by("css selector", selector).await;
    }

    /// Presses the first link or button with these words in it.
    pub(super) async fn press_words(&self, words: &str) {
        let path = format!("//*[self::a or self::button][contains(., \"{words}\")]");
        self.press_by("xpath", &path).await;
    }

    async fn press_by(&self, using: &str, value: &str) {
        let patience = Instant::now() + Duration::from_secs(20);
        // The page may just be left for another, so finding and pressing are tried together.
        while let Err(error) = self.try_press(using, value).await {
            let page = (self.address().await, self.text().await);
            assert!(Instant::now() < patience, "{value}: {error}\n{page:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn try_press(&self, using: &str, value: &str) -> Result<(), String> {
        let sought = json!({"using": using, "value": value});
        let found = self.call(Method::POST, "/element", sought).await?;
        let element = found[ELEMENT].as_str().unwrap_or_default();
        let click = format!("/element/{element}/click");
        self.call(Method::POST, &click, json!({})).await.map(drop)
    }

    /// What a script of the test sees on the page.
    pub(super) async fn look(&self, script: &str) -> Value {
        let asked = json!({"script": format!("return {script}"), "args": []});
        let patience = Instant::now() + Duration::from_secs(5);
        loop {
            match self
                .call(Method::POST, "/execute/sync", asked.clone())
                .await
            {
                Ok(seen) => return seen,
                Err(error) if Instant::now() > patience => panic!("{script}: {error}"),
                // The page was just being left for another.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// What the page shows.
    pub(super) async fn text(&self) -> String {
        self.look("(document.querySelector('main') || document.body).innerText")
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// What the browser held to be wrong since last asked, such as a breach of the content policy.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let log = self
            .call(Method::POST, "/se/log", json!({"type": "browser"}))
            .await
            .unwrap();
        let entries = log.as_array().unwrap().iter();
        entries
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is no request of the gateway's"
    )]
    async fn call(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.session));
        if method == Method::POST {
            request = request.json(&body);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let good = answer.status().is_success();
        let mut answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        if good {
            Ok(value)
        } else {
            Err(value["message"].to_string())
        }
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // Chromedriver takes its browser with it when it is asked to end, not when it is killed.
        let _ = Command::new("kill")
            .arg(self.driver.id().to_string())
            .status();
        let _ = self.driver.wait();
    }
}
