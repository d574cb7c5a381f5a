"""SNS: a topic counts its subscriptions. All are confirmed, as nobody reads the emails."""

from moto.sns.models import Topic


def install():
    Topic.subscriptions_confimed = property(_count, lambda topic, count: None)  # spelled as moto spells it


def _count(topic):
    return sum(subscription.topic is topic for subscription in topic.sns_backend.subscriptions.values())
