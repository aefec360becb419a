"""A web page in a browser on the same machine cannot use local mode, whose builds run as the user who started it."""

import json
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chromium import Browser
from cloud import job
from waiting import until

ACCOUNT = "000000000000"
SNS, SQS = "2010-03-31", "2012-11-05"


class Site:
    """A web server on its own port, which records its requests and answers everything with an empty page."""

    def __init__(self):
        site, self.requests = self, []

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                site.requests.append((self.command, self.path, body))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site():
    site = Site()
    yield site
    site.end()


@pytest.fixture
def browser(programs, tmp_path):
    browser = Browser(programs, tmp_path, "MAP *.example 127.0.0.1")
    yield browser
    browser.end()


def calls(name):
    """The calls of an attacker: those that run a job by way of a topic, and those that put one on the queue directly."""
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"
    hostile = json.dumps(job(name, "file:///etc"))
    jobs = {"Protocol": "sqs", "Endpoint": f"arn:aws:sqs:us-east-1:{ACCOUNT}:slipway-jobs"}
    raw = {"Attributes.entry.1.key": "RawMessageDelivery", "Attributes.entry.1.value": "true"}
    return [
        {"Action": "CreateTopic", "Version": SNS, "Name": name},
        {"Action": "Subscribe", "Version": SNS, "TopicArn": topic, **jobs, **raw},
        {"Action": "Publish", "Version": SNS, "TopicArn": topic, "Message": hostile},
        {"Action": "CreateQueue", "Version": SQS, "QueueName": name},
        {"Action": "SendMessage", "Version": SQS, "QueueUrl": f"/{ACCOUNT}/slipway-jobs", "MessageBody": hostile},
    ]


# Each way sends one call, a form, to the address, and waits until the browser has finished.
WAYS = {
    "img": "const img = new Image(); const over = new Promise(r => { img.onload = img.onerror = r; }); img.src = url + '/?' + form; await over;",
    "frame": """
        const frame = document.body.appendChild(document.createElement('iframe'));
        const over = new Promise(r => { frame.onload = r; }); frame.src = url + '/?' + form; await over;""",
    "script": """
        const tag = document.createElement('script'); const over = new Promise(r => { tag.onload = tag.onerror = r; });
        tag.src = url + '/?' + form; document.body.append(tag); await over;""",
    "urlencoded": "await submit(url, form, 'application/x-www-form-urlencoded');",
    "multipart": "await submit(url, form, 'multipart/form-data');",
    "text": "await submit(url, form, 'text/plain');",
    "userinfo": "await submit(url.replace('//', '//local:local@'), form, 'application/x-www-form-urlencoded');",
    "no-cors": "await fetch(url + '/', { method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams(form) }).catch(() => {});",
    "beacon": "navigator.sendBeacon(url + '/', new URLSearchParams(form));",
    "json": """
        await fetch(url + '/', { method: 'POST', mode: 'no-cors', headers: { 'Content-Type': 'text/plain' }, body: form }).catch(() => {});""",
    "headers": """
        const headers = { Authorization: 'any', 'X-Amz-Target': 'AmazonSQS.CreateQueue' };
        await fetch(url + '/', { method: 'POST', headers, body: JSON.stringify({ QueueName: 'web-json' }) }).catch(() => {});
        await fetch(url + '/?' + form, { method: 'POST', headers: { Authorization: 'any' } }).catch(() => {});""",
}
SUBMIT = """
const [target, forms] = given;
async function submit(url, form, type) {
  const name = 'frame' + Math.random();
  const frame = document.body.appendChild(document.createElement('iframe'));
  frame.name = name;
  const sender = document.createElement('form');
  Object.assign(sender, { action: url + '/', method: 'POST', enctype: type, target: name });
  if (type === 'text/plain') {
    const field = sender.appendChild(document.createElement('input'));
    field.name = form + '&ignored'; field.value = 'x';
  } else {
    for (const [key, value] of new URLSearchParams(form)) {
      const field = sender.appendChild(document.createElement('input'));
      field.name = key; field.value = value;
    }
  }
  document.body.append(sender);
  const over = new Promise(r => { frame.onload = r; });
  sender.submit();
  await Promise.race([over, new Promise(r => setTimeout(r, 3000))]);
}
"""


def attack(browser, url, ways):
    for way in ways:
        forms = [urllib.parse.urlencode(call) for call in calls(f"web-{way}")]
        each = f"await Promise.all(forms.map(async form => {{ const url = target; {WAYS[way]} }}));"
        browser.run(SUBMIT + each, url, forms)


def state(cloud):
    """All state that a call could have changed: topics, subscriptions, queues and their messages."""
    queues = sorted(cloud.sqs.list_queues()["QueueUrls"])
    return {
        "topics": cloud.sns.list_topics()["Topics"],
        "subscriptions": cloud.sns.list_subscriptions()["Subscriptions"],
        "queues": {url: cloud.counts(url) for url in queues},
        "builds": cloud.codebuild.list_builds()["ids"],
    }


def test_a_page_of_another_port_changes_nothing(cloud, browser, site):
    target = Site()
    try:
        browser.open(site.url)
        before = state(cloud)
        attack(browser, cloud.url, WAYS)
        # The same against a server that records requests: the browser really sends them.
        attack(browser, target.url, WAYS)

        def arrived():
            return {way for way in WAYS if any(f"web-{way}" in path + body for _, path, body in target.requests)}

        # With a header that forms do not have, the browser asks first. It may refuse to send `userinfo` at all.
        sent = set(WAYS) - {"headers", "userinfo"}
        until(lambda: sent <= arrived(), "every kind of request")
        assert "OPTIONS" in {method for method, *_ in target.requests}
        assert state(cloud) == before
    finally:
        target.end()


# Browsers accept the second name; URL parsers do not.
@pytest.mark.parametrize("host", ["rebound.example", "rebound{x.example"])
def test_a_page_whose_name_was_rebound_to_the_loopback_changes_nothing(cloud, browser, host):
    """Such a page has the endpoint's own origin: the browser asks for no permission, and lets it set headers and read the answers."""
    port = urllib.parse.urlsplit(cloud.url).port
    before = state(cloud)
    browser.open(f"http://{host}:{port}/")
    script = """
        const answers = [];
        for (const [path, more] of given[0]) answers.push((await fetch(path, more)).status);
        return answers;"""
    headers = {"Authorization": "any", "X-Amz-Target": "AmazonSQS.CreateQueue"}
    requests = [["/", {"method": "POST", "headers": headers, "body": json.dumps({"QueueName": "web-rebound"})}]]
    link = f"/?{urllib.parse.urlencode({'Action': 'Unsubscribe', 'Version': SNS})}"
    requests += [["/", {}], [link, {}], [link, {"headers": headers | {"X-Amz-Target": "AmazonSQS.ListQueues"}}]]
    for call in calls("web-rebound"):
        form = urllib.parse.urlencode(call)
        requests.append([f"/?{form}", {"headers": {"Authorization": "any"}}])
        requests.append([f"/?{form}", {"method": "POST", "headers": {"Authorization": "any"}}])
    assert browser.run(script, requests) == [403] * len(requests)
    assert state(cloud) == before


def test_the_links_in_messages_to_a_subscriber_work(cloud, site, unique):
    topic = cloud.sns.create_topic(Name=unique)["TopicArn"]
    answer = cloud.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"{site.url}/hook", ReturnSubscriptionArn=True)

    def posted(kind):
        bodies = [json.loads(body) for method, path, body in site.requests if (method, path) == ("POST", "/hook")]
        return next((body for body in bodies if body["Type"] == kind), None)

    def pending():
        attributes = cloud.sns.get_subscription_attributes(SubscriptionArn=answer["SubscriptionArn"])["Attributes"]
        return attributes["PendingConfirmation"]

    link = until(lambda: posted("SubscriptionConfirmation"), "the question")["SubscribeURL"]
    assert pending() == "true"
    with urllib.request.urlopen(link, timeout=10) as confirmed:
        assert answer["SubscriptionArn"] in confirmed.read().decode()
    assert pending() == "false"
    cloud.sns.publish(TopicArn=topic, Message="hello")
    link = until(lambda: posted("Notification"), "the notification")["UnsubscribeURL"]
    urllib.request.urlopen(link, timeout=10).close()
    assert cloud.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    cloud.sns.delete_topic(TopicArn=topic)
