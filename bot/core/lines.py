"""The names of all that the bot can say. `prompts/` has the words.

Rules that hold here: a name stands here once, the check of `prompts/` compares this list with the files both ways,
and a test holds that each line can be reached. A message may be made of several lines, in the order of `Reply.keys`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

MOST_WORDS: Final = 45
"""In a message: of one line, of several, and of what fills them."""


class Line(StrEnum):
    """A sentence or a few, with several wordings in `prompts/<language>/`."""

    # the walk: what opens it, by where the suffering was met or by what has to come first
    ARRIVE_NEWS = "arrive.news"
    ARRIVE_WORK = "arrive.work"
    ARRIVE_LOVED_ONE = "arrive.loved_one"
    ARRIVE_STRANGER = "arrive.stranger"
    ARRIVE_ANIMAL = "arrive.animal"
    ARRIVE_PRESENT = "arrive.present"
    ARRIVE_PLANET = "arrive.planet"
    ARRIVE_ONLINE_GROUP = "arrive.online_group"
    ARRIVE_NONE = "arrive.none"
    ARRIVE_ASKED = "arrive.asked"  # /walk, with nothing told yet
    ARRIVE_OVERWHELM = "arrive.overwhelm"
    ARRIVE_WAS_THERE = "arrive.was_there"
    ARRIVE_LOSS = "arrive.loss"
    ARRIVE_NUMB = "arrive.numb"
    ARRIVE_AT_WORK = "arrive.at_work"  # between two tasks
    ARRIVE_GUILT = "arrive.guilt"
    ARRIVE_OUTRAGE = "arrive.outrage"
    ARRIVE_OWN_PEOPLE = "arrive.own_people"  # in the news, those that the person belongs to
    ARRIVE_WORK_DIED = "arrive.work_died"
    ABOUT = "about"  # what it is, said once in the first reply
    OWN = "own"
    OWN_PERSON = "own.person"
    ASK = "ask"
    AFFIRM = "affirm"  # care that is settled already

    # steadying acts
    ANCHOR_TOUCH = "anchor.touch"
    ANCHOR_SIGHT = "anchor.sight"
    ANCHOR_SOUND = "anchor.sound"
    ANCHOR_HANDS = "anchor.hands"
    HIGH = "high"  # before an anchor, when the upset is very strong
    HARDER = "harder"  # before an anchor, when a step made it harder
    STAY = "stay"
    STAY_RISE = "stay.rise"
    STAY_HARDER = "stay.harder"
    STAY_ANOTHER = "stay.another"  # after an anchor
    STAY_PERSON = "stay.person"
    STAY_HEARD = "stay.heard"

    # the walk: the rest
    HEARD = "heard"  # before a step, when a paragraph came where a button was expected
    EASE = "ease"
    EASE_AGAIN = "ease.again"
    RESONANCE = "resonance"
    RESONANCE_PLANET = "resonance.planet"
    VALUE = "value"  # outrage: what matters, under the anger
    VALUE_HEARD = "value.heard"  # before kind
    MINE = "mine"  # between two tasks
    NEXT_TASK = "next_task"
    MIRROR = "mirror"  # before kind: the chosen feeling
    MIRROR_OWN = "mirror.own"
    KIND = "kind"
    KIND_GUILT = "kind.guilt"
    WHO = "who"
    WHO_AGAIN = "who.again"  # a full walk ended within a day
    WHO_OUTRAGE = "who.outrage"
    APART = "apart"
    APART_PLANET = "apart.planet"
    WISH = "wish"
    WISH_DIED = "wish.died"  # for someone who is dead
    REACH = "reach"
    REACH_ANIMAL = "reach.animal"
    REACH_HELPLESS = "reach.helpless"
    REACH_OUTRAGE = "reach.outrage"
    ACT = "act"  # before together: the chosen act
    ACT_SOON = "act.soon"  # for an animal: it need not wait for sleep
    ACT_OWN = "act.own"
    ACT_HOLD = "act.hold"
    TOGETHER = "together"
    TOGETHER_LOSS = "together.loss"
    TOGETHER_GUILT = "together.guilt"
    TOGETHER_WORK = "together.work"
    COMPANY = "company"  # before we-care
    COMPANY_NO_ONE = "company.no_one"
    WE_CARE = "we_care"
    WE_CARE_NEWS = "we_care.news"
    WE_CARE_WORK = "we_care.work"
    NEEDS_LOSS = "needs.loss"
    NEEDS_NUMB = "needs.numb"
    NEEDS_WAS_THERE = "needs.was_there"
    LOOK_BACK = "look_back"
    CARE = "care"
    CLOSE_CROSSED = "close.crossed"
    CLOSE_EASED = "close.eased"
    CLOSE_STEPPED_BACK = "close.stepped_back"
    CLOSE_STEADY = "close.steady"
    CLOSE_RISEN = "close.risen"
    CLOSE_UNKNOWN = "close.unknown"
    CLOSE_SHORT = "close.short"
    CLOSE_LOSS = "close.loss"
    CLOSE_NUMB = "close.numb"
    CLOSE_WAS_THERE = "close.was_there"
    CLOSE_AT_WORK = "close.at_work"
    BACK = "back"  # after a close: how to come back
    STOPPED = "stopped"

    # danger
    DANGER_ASK = "danger.ask"
    DANGER_WHY = "danger.why"  # before the question once more, to "why do you ask?"
    DANGER_NO = "danger.no"  # before the walk goes on after a clear no, and where a card was not meant
    DANGER_NO_NOW = "danger.no_now"  # where the card was for an emergency
    DANGER_NEAR = "danger.near"  # first, when danger is hinted at again after the question
    CARD_OWN = "card.own"
    CARD_IMMINENT = "card.imminent"
    CARD_FRIEND = "card.friend"
    CARD_SOMEONE = "card.someone"
    CARD_ABUSE = "card.abuse"
    CARD_THREAT = "card.threat"
    CARD_MEDICAL = "card.medical"
    CARD_PSYCHOSIS = "card.psychosis"
    CARD_EATING = "card.eating"
    CARD_ASKED = "card.asked"  # after any answer to the question but a clear no
    CARD_FORWARDED = "card.forwarded"  # the words are someone else's
    CARD_MINE = "card.mine"  # they were passed on, and are the person's own: whatever the danger was
    CARD_FAILED = "card.failed"  # the message could not be read
    CARD_OWN_YOUNG = "card.own_young"  # under 16, an adult they choose comes first
    CARD_MINE_YOUNG = "card.mine_young"
    CARD_FRIEND_YOUNG = "card.friend_young"
    CARD_ABUSE_YOUNG = "card.abuse_young"
    CARD_PSYCHOSIS_YOUNG = "card.psychosis_young"
    CARD_EATING_YOUNG = "card.eating_young"
    CARD_AGAIN = "card.again"  # danger once more while a card stands
    CARD_AGAIN_NOW = "card.again_now"  # anything while a card for an emergency stands
    CARD_AGAIN_NOW_YOUNG = "card.again_now_young"
    CARD_MINOR = "card.minor"
    CARD_LINES = "card.lines"  # the emergency number and the directory
    CARD_LINES_COUNTRY = "card.lines.country"  # the same, for a country that has lines to show
    CARD_LINES_NONE = "card.lines.none"  # and for one that has none
    CARD_STAY = "card.stay"
    BARRIER_ASK = "barrier.ask"  # after a card, in its last message
    TIP_NOTHING = "tip.nothing"  # before the plan: what fits what is in the way
    TIP_COST = "tip.cost"
    TIP_TRACED = "tip.traced"
    TIP_SPEAKING = "tip.speaking"
    TIP_BEFORE = "tip.before"
    TIP_ENOUGH = "tip.enough"
    TIP_ELSE = "tip.else"
    TIP_UNSAID = "tip.unsaid"  # after words that name nothing that could be in the way
    TIP_NOBODY = "tip.nobody"
    PLAN_ASK = "plan.ask"  # who, when, how
    PLAN_HEARD = "plan.heard"
    PLAN_LATER = "plan.later"
    PERSON_YOUNG = "person.young"  # who to turn to, under 16
    HELD_ANOTHER = "held.another"  # after an anchor
    HELD_HEARD = "held.heard"
    HELD_THANKS = "held.thanks"  # instead of the usual words, while a card stands or after one in the same walk
    HELD_THANKS_NOW = "held.thanks_now"
    HELD_HELPED = "held.helped"  # to words that help is there or on its way
    HELD_STOPPED = "held.stopped"
    HELD_STOPPED_NOW = "held.stopped_now"
    CRISIS = "crisis"
    CRISIS_STAY = "crisis.stay"  # after the lines of a country

    # the country whose lines are shown
    COUNTRY_ASK = "country.ask"
    COUNTRY_WHICH = "country.which"  # a name that may be of several
    COUNTRY_UNKNOWN = "country.unknown"
    COUNTRY_NOW = "country.now"  # after its lines
    COUNTRY_KEEP = "country.keep"  # the same, with the question whether to keep it
    COUNTRY_KEPT = "country.kept"
    COUNTRY_FOR_NOW = "country.for_now"
    COUNTRY_DROPPED = "country.dropped"

    # off the path
    WHOSE = "whose"
    WHOSE_MINE = "whose.mine"
    REAL = "real"
    PRIVATE = "private"  # who reads what is written, and what is kept
    QUESTION = "question"  # one that a program has no answer to; no verdict
    THANKS = "thanks"
    SWEAR = "swear"
    BREATHING = "breathing"  # only to someone who asks for it
    MEDIA = "media"
    LANGUAGE = "language"  # what was written is in one that the bot does not have
    STALE = "stale"
    EXPIRED = "expired"
    UNREADABLE = "unreadable"
    TWICE = "twice"  # a short note on a button that was pressed twice

    # commands
    START = "start"
    HELP = "help"
    HELP_AGAIN = "help.again"  # one more text that says nothing to a program
    HELP_PERSON = "help.person"  # and another
    UNKNOWN_COMMAND = "unknown_command"
    NOTHING_TO_STOP = "nothing_to_stop"
    SETTINGS = "settings"
    PRIVACY_KEPT = "privacy.kept"
    PRIVACY_WHERE = "privacy.where"
    PRIVACY_RIGHTS = "privacy.rights"
    PRIVACY_LONG = "privacy.long"
    PRIVACY_GROUPS = "privacy.groups"
    PRIVACY_WHO = "privacy.who"  # whoever runs it is not named
    PRIVACY_OPERATOR = "privacy.operator"
    CONSENT_ASK = "consent.ask"  # remember: the question of a purpose, as all of these; for a country COUNTRY_KEEP
    CONSENT_ASK_PLANS = "consent.ask.plans"
    CONSENT_ASK_NUDGES = "consent.ask.nudges"
    CONSENT_ASK_FOLLOW_UPS = "consent.ask.follow_ups"
    CONSENT_ASK_GROUP = "consent.ask.group"
    CONSENT_ASK_ALONE = "consent.ask.alone"
    CONSENT_ASK_APART = "consent.ask.apart"  # never to write because of one group
    CONSENT_CHANGED = "consent.changed"  # before a question whose words were others when it was agreed to
    CONSENT_ON = "consent.on"  # before what is agreed to
    CONSENT_ON_REMEMBER = "consent.on.remember"
    CONSENT_ON_COUNTRY = "consent.on.country"
    CONSENT_ON_PLANS = "consent.on.plans"
    CONSENT_ON_NUDGES = "consent.on.nudges"
    CONSENT_ON_FOLLOW_UPS = "consent.on.follow_ups"
    CONSENT_ON_ALONE = "consent.on.alone"
    CONSENT_ON_APART = "consent.on.apart"
    CONSENT_ON_GROUP = "consent.on.group"
    CONSENT_ON_GROUPS = "consent.on.groups"  # where it is not known which
    CONSENT_LAPSED = "consent.lapsed"
    CONSENT_YES = "consent.yes"
    CONSENT_YES_PLANS = "consent.yes.plans"
    CONSENT_YES_NUDGES = "consent.yes.nudges"
    CONSENT_YES_ALONE = "consent.yes.alone"
    CONSENT_YES_FOLLOW_UPS = "consent.yes.follow_ups"
    CONSENT_YES_GROUP = "consent.yes.group"
    CONSENT_YES_APART = "consent.yes.apart"
    CONSENT_NONE = "consent.none"  # before the first question
    CONSENT_AGE = "consent.age"  # after a yes that does not tell the age
    CONSENT_NO = "consent.no"
    CONSENT_NO_NEW = "consent.no.new"  # after a no to words that had changed
    CONSENT_UNDER_16 = "consent.under_16"
    CONSENT_OFF = "consent.off"
    KEEP_FOR_ASK = "keep_for.ask"
    KEEP_FOR_SET = "keep_for.set"
    FORGET_KEEPS = "forget.keeps"  # how much there is, before the question
    FORGET_ASK = "forget.ask"
    FORGET_NONE = "forget.none"  # the same, where nothing is kept
    FORGET_DONE = "forget.done"
    FORGET_WENT = "forget.went"  # how much there was
    FORGET_KEPT = "forget.kept"
    EXPORT_FILES = "export.files"  # with the first file
    EXPORT_TABLE = "export.table"  # with the second
    EXPORT_NONE = "export.none"
    HISTORY_PAGE = "history.page"
    HISTORY_ASK = "history.ask"
    HISTORY_DONE = "history.done"
    IF_THEN_ASK = "if_then.ask"  # plans of one's own, beside those after a card
    IF_THEN_LONG = "if_then.long"
    IF_THEN_MANY = "if_then.many"
    IF_THEN_KEPT = "if_then.kept"
    IF_THEN_KEPT_ALONE = "if_then.kept.alone"  # by someone who is never written to first
    IF_THEN_SHOWN = "if_then.shown"
    IF_THEN_DONE = "if_then.done"
    IF_THEN_GONE = "if_then.gone"
    IF_THEN_STAYS = "if_then.stays"
    IF_THEN_REMINDER = "if_then.reminder"  # a day later, not asked for by a message
    INACTIVE_NOTICE = "inactive.notice"  # likewise, as a nudge
    NUDGE_FIRST = "nudge.first"  # what a locked screen shows
    NUDGE_PRACTICE = "nudge.practice"
    FOLLOW_UP_ASK = "follow_up.ask"  # likewise: some days after a walk
    FOLLOW_UP_CARE = "follow_up.care"
    FOLLOW_UP_THANKS = "follow_up.thanks"
    FOLLOW_UP_SKIPPED = "follow_up.skipped"
    FOLLOW_UP_REST = "follow_up.rest"  # after a strong upset, to someone who has practices sent
    FOLLOW_UP_ENDED = "follow_up.ended"
    FOLLOW_UP_GONE = "follow_up.gone"  # the walk is not kept any more
    STORE_FAILED = "store_failed"

    # nudges: the panel, what it asks, and what is said of an answer
    NUDGE_PANEL = "nudge.panel"
    NUDGE_SET = "nudge.set"  # before the panel, where what was typed is set
    NUDGE_IN_QUIET = "nudge.in_quiet"  # likewise
    NUDGE_NEXT = "nudge.next"  # after the panel: when, or why not
    NUDGE_PAUSED = "nudge.paused"
    NUDGE_NO_ZONE = "nudge.no_zone"
    NUDGE_NO_SLOT = "nudge.no_slot"
    NUDGE_STOPPED = "nudge.stopped"
    NUDGE_RESTS_SILENT = "nudge.rests.silent"
    NUDGE_RESTS_UNREACHED = "nudge.rests.unreached"
    NUDGE_RESTS_ENDED = "nudge.rests.ended"
    NUDGE_TIME_ASK = "nudge.time.ask"
    NUDGE_TIME_WRONG = "nudge.time.wrong"
    NUDGE_DAYS_ASK = "nudge.days.ask"
    NUDGE_DAYS_WRONG = "nudge.days.wrong"
    NUDGE_DAYS_EMPTY = "nudge.days.empty"
    NUDGE_ZONE_ASK = "nudge.zone.ask"
    NUDGE_ZONE_WRONG = "nudge.zone.wrong"
    NUDGE_ZONE_WHICH = "nudge.zone.which"
    NUDGE_ZONE_COUNTRY = "nudge.zone.country"  # after what the clock says
    NUDGE_ZONE_CLOCK = "nudge.zone.clock"  # after a country: what the clock says
    NUDGE_ZONE_OTHER = "nudge.zone.other"  # no clock shows that, or none in that country
    NUDGE_QUIET_ASK = "nudge.quiet.ask"
    NUDGE_QUIET_WRONG = "nudge.quiet.wrong"
    NUDGE_COURSE_ASK = "nudge.course.ask"
    NUDGE_LINE_WRONG = "nudge.line.wrong"  # of one line, some was not understood
    NUDGE_DID = "nudge.did"
    NUDGE_NOT_TODAY = "nudge.not_today"
    NUDGE_HARDER = "nudge.harder"  # after an anchor
    NUDGE_READ = "nudge.read"  # words that answer a nudge, and are nothing else
    NUDGE_KEPT = "nudge.kept"  # they stay as they are
    NUDGE_FEWER = "nudge.fewer"
    NUDGE_STOP_HOW = "nudge.stop_how"  # after a stop that was of something else
    NUDGE_BACK = "nudge.back"  # on again, at /start
    NUDGE_ALONE_ENDED = "nudge.alone_ended"  # the wish never to be written to first, with a yes to this
    NUDGE_KEEP_ASK = "nudge.keep_ask"  # these three the clock sends
    NUDGE_SILENT = "nudge.silent"
    NUDGE_COURSE_END = "nudge.course_end"
    PROGRESS_OFF = "progress.off"  # nothing is kept without a yes
    PROGRESS_NONE = "progress.none"  # nor is anything yet
    PROGRESS_EARLIER = "progress.earlier"
    PROGRESS_WEEK = "progress.week"
    PROGRESS_UPSET = "progress.upset"  # after either of them
    PROGRESS_CARE = "progress.care"
    PROGRESS_ABOUT = "progress.about"  # last
    PROGRESS_NUDGES = "progress.nudges"  # a message of its own

    # beside a picture: all that it shows
    SHOWN_WALK = "shown.walk"
    SHOWN_CARE = "shown.care"
    SHOWN_CARE_UNSAID = "shown.care_unsaid"
    SHOWN_WALKS = "shown.walks"
    SHOWN_UPSETS = "shown.upsets"
    SHOWN_CARES = "shown.cares"
    SHOWN_BREAKS = "shown.breaks"
    SHOWN_AFTER = "shown.after"  # the days after walks
    SHOWN_AFTER_UPSETS = "shown.after_upsets"
    SHOWN_AFTER_CARES = "shown.after_cares"
    SHOWN_NONE = "shown.none"  # in place of a picture
    WHY_DANGER = "why.danger"  # what the answer to the last text went by
    WHY_FORWARDED = "why.forwarded"
    WHY_KNOWN = "why.known"
    WHY_ANSWER = "why.answer"
    WHY_LANGUAGE = "why.language"
    WHY_WITNESS = "why.witness"
    WHY_OWN = "why.own"
    WHY_LOSS = "why.loss"
    WHY_COMPASSION = "why.compassion"
    WHY_UNSURE = "why.unsure"
    WHY_NONE = "why.none"
    WHY_NOTHING = "why.nothing"  # there is no last text
    SPOKE_OF_ONE = "spoke_of.one"  # after a ground: what a text spoke of
    SPOKE_OF_TWO = "spoke_of.two"
    SPOKE_OF_THREE = "spoke_of.three"
    BY_WORDS = "by_words"  # last: a program that goes by words

    # what Telegram shows of the bot
    DESCRIPTION = "description"  # at most 512 characters
    SHORT_DESCRIPTION = "short_description"  # at most 120 characters

    # groups
    GROUP_PRIVATE = "group.private"
    GROUP_DANGER = "group.danger"
    GROUP_DANGER_AGAIN = "group.danger.again"  # shorter, where the other stands already
    GROUP_LANGUAGE = "group.language"
    GROUP_ARRIVED = "group.arrived"
    GROUP_WALK = "group.walk"
    GROUP_HOW_TO_HELP = "group.how_to_help"
    GROUP_NOBODY_SENT = "group.nobody_sent"  # where someone was to be sent to it
    ADMIN_SETTINGS = "admin.settings"  # in the group, from here on, for its admins
    ADMIN_GUIDE = "admin.guide"
    ADMIN_PULSE = "admin.pulse"
    ADMIN_VERIFY = "admin.verify"  # to an admin who writes in the name of the group
    ADMIN_HELD = "admin.held"
    ADMIN_HOLD_WRONG = "admin.hold_wrong"
    ADMIN_RELEASED = "admin.released"
    ADMIN_TOPIC = "admin.topic"
    ADMIN_NO_TOPICS = "admin.no_topics"
    ADMIN_LEAVE_ASK = "admin.leave_ask"
    ADMIN_LEFT = "admin.left"
    ADMIN_ONLY = "admin.only"  # a short note on a button
    ALERT = "alert"  # to moderators
    ALERT_TAKEN = "alert.taken"
    JOINED = "joined"  # a short note on a button
    CHANNEL_ADDED = "channel.added"  # in private, to who added it
    OFFER = "offer"  # in private, because of something written in a group
    OFFER_NO = "offer.no"
    NOTICE_OFF_THERE = "notice.off_there"  # in private: may the bot notice what someone writes in a group?
    NOTICE_ON_THERE = "notice.on_there"
    NOTICE_STOPPED_THERE = "notice.stopped_there"
    NOTICE_NOT_THERE = "notice.not_there"
    NOTICE_STOPPED = "notice.stopped"  # in all groups
    HOW_TO_HELP_SAY = "how_to_help.say"  # for those who answer someone in distress
    HOW_TO_HELP_LEAVE = "how_to_help.leave"
    HOW_TO_HELP_SELF = "how_to_help.self"
    GUIDE_ANSWER = "guide.answer"  # the same for admins
    GUIDE_ASK = "guide.ask"
    GUIDE_LEAVE = "guide.leave"
    GUIDE_MODERATORS = "guide.moderators"
    GUIDE_LINES = "guide.lines"  # where no countries are chosen
    GROUP_CARD_OFF = "group.card.off"  # what the bot reads there and why, by what is noticed
    GROUP_CARD_MENTIONS = "group.card.mentions"
    GROUP_CARD_MEMBERS = "group.card.members"
    GROUP_CARD_ALERTS = "group.card.alerts"  # after one of these, where moderators hear of danger

    # in private, for the admins of a group or channel: before it is on, the panel, and what it asks
    ROOM_WHICH = "room.which"  # with the keyboard that picks one
    ROOM_PICKED = "room.picked"
    ROOM_NOT_ADMIN = "room.not_admin"
    ROOM_UNKNOWN = "room.unknown"  # Telegram did not say who the admins are
    ROOM_KEPT = "room.kept"  # nothing is changed
    ROOM_OUT = "room.out"  # the bot is not in it
    ROOM_INTRO = "room.intro"
    ROOM_HEARS_ALL = "room.hears_all"  # as Telegram hands it every message
    ROOM_HEARS_SOME = "room.hears_some"
    ROOM_CHANNEL = "room.channel"
    ROOM_KEEPS = "room.keeps"
    ROOM_TURNED_OFF = "room.turned_off"
    ROOM_CARD_LOST = "room.card_lost"  # it could not be posted
    ROOM_IS_SET = "room.is_set"  # before the panel, where what was typed is set
    ROOM_PANEL = "room.panel"
    ROOM_WAITS = "room.waits"  # after it: what members write is not handed to it
    ROOM_NEXT = "room.next"  # last: when the next circle comes, or why none does
    ROOM_HELD = "room.held"
    ROOM_MUTED = "room.muted"
    ROOM_NO_CIRCLE = "room.no_circle"
    ROOM_NO_ZONE = "room.no_zone"
    ROOM_NOTICING_ASK = "room.noticing.ask"
    ROOM_MEMBERS_HOW = "room.members.how"
    ROOM_MEMBERS_NOW = "room.members.now"
    ROOM_PAUSE_ASK = "room.pause.ask"
    ROOM_PAUSE_WRONG = "room.pause.wrong"
    ROOM_DAYS_ASK = "room.days.ask"
    ROOM_DAYS_WRONG = "room.days.wrong"
    ROOM_TIME_ASK = "room.time.ask"
    ROOM_TIME_WRONG = "room.time.wrong"
    ROOM_ZONE_ASK = "room.zone.ask"
    ROOM_ZONE_WRONG = "room.zone.wrong"
    ROOM_ZONE_WHICH = "room.zone.which"
    ROOM_TOPIC_ASK = "room.topic.ask"
    ROOM_ALERTS_ASK = "room.alerts.ask"
    ROOM_ALERTS_PICK = "room.alerts.pick"
    ROOM_ALERTS_WRONG = "room.alerts.wrong"
    ROOM_ALERTS_SET = "room.alerts.set"
    ROOM_TIDY_ASK = "room.tidy.ask"
    ROOM_TIDY_WRONG = "room.tidy.wrong"
    ROOM_HOLD_ASK = "room.hold.ask"
    ROOM_HOLD_WRONG = "room.hold.wrong"
    ROOM_COUNTRIES_ASK = "room.countries.ask"
    ROOM_COUNTRIES_WRONG = "room.countries.wrong"
    ROOM_LANGUAGE = "room.language"
    ROOM_LEAVE_ASK = "room.leave.ask"
    ROOM_LEFT = "room.left"

    # the circle, one message, and what admins see of a week
    CIRCLE = "circle"
    CIRCLE_PRACTICE = "circle.practice"
    CIRCLE_TOTAL = "circle.total"
    PULSE = "pulse"
    PULSE_OFFERS = "pulse.offers"
    PULSE_OFFERS_FEW = "pulse.offers.few"
    PULSE_JOINS = "pulse.joins"
    PULSE_JOINS_FEW = "pulse.joins.few"
    PULSE_PART = "pulse.part"


DANGER: Final = frozenset(
    {
        *(
            line
            for line in Line
            if line.startswith(("danger.", "card.", "held.", "barrier.", "tip.", "plan.", "country."))
        ),
        *(
            Line.PERSON_YOUNG,
            Line.CRISIS,
            Line.CRISIS_STAY,
            Line.GROUP_DANGER,
            Line.GROUP_DANGER_AGAIN,
            Line.ALERT,
            Line.WHY_DANGER,
        ),
    }
)
"""The lines about danger: they are the plainest, and use no metaphor. `docs/protocol.md` shows all of them."""


class Label(StrEnum):
    """The words on a button, or a few words that fill a line's slot."""

    DID_IT = "did_it"
    SOMETHING_ELSE = "something_else"
    SKIP = "skip"
    HARDER = "harder"
    STOP = "stop"
    STAY = "stay"
    GO_ON = "go_on"
    MORE = "more"
    SHORT = "short"
    PERSON = "person"
    BEGIN = "begin"

    YES = "yes"
    NO = "no"
    NOT_SURE = "not_sure"
    RATHER_NOT_SAY = "rather_not_say"
    ABOUT_ME = "about_me"
    SOMEONE_ELSES = "someone_elses"
    MINE = "mine"
    STEADY_ME = "steady_me"
    URGENT_HELP = "urgent_help"

    NOT_MEANT = "not_meant"
    BARRIER_NOTHING = "barrier.nothing"
    BARRIER_COST = "barrier.cost"
    BARRIER_TRACED = "barrier.traced"
    BARRIER_SPEAKING = "barrier.speaking"
    BARRIER_BEFORE = "barrier.before"
    BARRIER_ENOUGH = "barrier.enough"
    BARRIER_ELSE = "barrier.else"
    PLAN_CALL = "plan.call"
    PLAN_TEXT = "plan.text"
    PLAN_SOMEONE = "plan.someone"
    PLAN_ADULT = "plan.adult"
    PLAN_NOT_NOW = "plan.not_now"
    KINDNESS = "kindness"
    AT_WORK = "at_work"

    UPSET_LITTLE = "upset.little"
    UPSET_STRONG = "upset.strong"
    UPSET_VERY_STRONG = "upset.very_strong"
    UPSET_TOO_MUCH = "upset.too_much"

    FEEL_SAD = "feel.sad"
    FEEL_HELPLESS = "feel.helpless"
    FEEL_GUILTY = "feel.guilty"
    FEEL_ANGRY = "feel.angry"
    FEEL_NUMB = "feel.numb"
    FEEL_TIRED = "feel.tired"

    VALUE_FAIRNESS = "value.fairness"
    VALUE_SAFETY = "value.safety"
    VALUE_RESPECT = "value.respect"
    VALUE_LIFE = "value.life"

    FOR_THEM = "for.them"
    FOR_LEFT_BEHIND = "for.left_behind"
    FOR_OTHERS = "for.others"
    FOR_MYSELF = "for.myself"
    FOR_NOBODY = "for.nobody"
    WHO_THEM = "who.them"  # "they": fills `may {who} {need}`
    WHO_LEFT_BEHIND = "who.left_behind"
    WHO_OTHERS = "who.others"
    WHO_EVERYONE = "who.everyone"

    NEED_SAFETY = "need.safety"
    NEED_COMFORT = "need.comfort"
    NEED_COMPANY = "need.company"
    NEED_REST = "need.rest"
    MAY_BE_SAFE = "may.safety"  # "be safe": fills `may {who} {need}`
    MAY_BE_COMFORTED = "may.comfort"
    MAY_HAVE_COMPANY = "may.company"
    MAY_REST = "may.rest"
    MAY_HAVE_NEED = "may.need"

    ACT_WRITE = "act.write"
    ACT_GIVE = "act.give"
    ACT_LEARN = "act.learn"
    ACT_RESCUE = "act.rescue"
    ACT_REPORT = "act.report"
    ACT_NOTHING = "act.nothing"
    THEN_WRITE = "then.write"  # "write a few kind words": fills the plan
    THEN_GIVE = "then.give"
    THEN_LEARN = "then.learn"
    THEN_RESCUE = "then.rescue"
    THEN_REPORT = "then.report"

    WITH_FRIEND = "with.friend"
    WITH_COLLEAGUE = "with.colleague"
    WITH_NO_ONE = "with.no_one"

    NEED_FOOD = "day.food"
    NEED_WARMTH = "day.warmth"
    NEED_SLEEP = "day.sleep"
    NEED_SOMEONE = "day.someone"

    CARE_LESS = "care.less"
    CARE_SAME = "care.same"
    CARE_MORE = "care.more"

    SHOW = "show"
    SHOW_WALKS = "show_walks"
    SHOW_AFTER = "show_after"
    FIGURE_WALK = "figure.walk"  # the words in a picture, from here on
    FIGURE_WALKS = "figure.walks"
    FIGURE_AFTER_DAYS = "figure.after_days"
    FIGURE_UPSET = "figure.upset"
    FIGURE_CARE = "figure.care"
    FIGURE_OF_TEN = "figure.of_ten"  # behind a number
    FIGURE_BEFORE = "figure.before"
    FIGURE_AFTER = "figure.after"
    FIGURE_FIRST = "figure.first"
    FIGURE_LATEST = "figure.latest"
    WHEN_BEFORE = "when.before"  # the same, in words beside a picture
    WHEN_AFTER = "when.after"
    FIGURE_DAYS_1 = "figure.days.1"  # so long after a walk
    FIGURE_DAYS_3 = "figure.days.3"
    FIGURE_DAYS_7 = "figure.days.7"
    FIGURE_DAYS_28 = "figure.days.28"
    CHANGED_UNSAID = "changed.unsaid"  # "skipped": fills what a picture shows
    CHANGED_LESS = "changed.less"
    CHANGED_SAME = "changed.same"
    CHANGED_MORE = "changed.more"

    REMEMBER = "remember"
    REMEMBER_YES = "remember.yes"
    UNDER_16 = "remember.under_16"
    REMEMBER_NO = "remember.no"
    REMEMBER_OFF = "remember.off"
    AGREE = "agree"
    DECLINE = "decline"
    PLANS_OFF = "plans.off"
    NUDGES_OFF = "nudges.off"
    FOLLOW_UPS_OFF = "follow_ups.off"
    GROUP_OFF = "group.off"
    GROUPS_OFF = "groups.off"
    ALONE = "alone"
    ALONE_OFF = "alone.off"
    APART_OFF = "apart.off"
    ASK_AGAIN = "ask_again"
    WHAT_REMEMBER = "what.remember"  # "Your walks": names what lapsed
    WHAT_COUNTRY = "what.country"
    WHAT_PLANS = "what.plans"
    WHAT_NUDGES = "what.nudges"
    WHAT_FOLLOW_UPS = "what.follow_ups"
    WHAT_GROUP = "what.group"
    WHAT_ALONE = "what.alone"
    WHAT_APART = "what.apart"
    HOW_LONG = "how_long"
    KEEP_FOR_7 = "keep_for.7"
    KEEP_FOR_30 = "keep_for.30"
    KEEP_FOR_90 = "keep_for.90"
    KEEP_FOR_180 = "keep_for.180"
    KEEP_FOR_365 = "keep_for.365"
    DAYS = "days"  # behind a number
    DAYS_CHOSEN = "days.chosen"  # in place of it, where it cannot be read
    OLDER = "older"
    DELETE_1 = "delete.1"
    DELETE_2 = "delete.2"
    DELETE_3 = "delete.3"
    DELETE_4 = "delete.4"
    DELETE_5 = "delete.5"
    DELETE_WALK = "delete.walk"
    IF_THEN = "if_then"
    IF_THEN_DONE = "if_then.done"
    IF_THEN_KEEP = "if_then.keep"
    NUDGE_TIME = "nudge.time"  # on the panel
    NUDGE_DAYS = "nudge.days"
    NUDGE_ZONE = "nudge.zone"
    NUDGE_QUIET = "nudge.quiet"
    NUDGE_COURSE = "nudge.course"
    NUDGE_PAUSE = "nudge.pause"
    NUDGE_GO_ON = "nudge.go_on"  # from a pause
    NUDGE_BEGIN = "nudge.begin"  # from a rest
    NUDGE_STOP = "nudge.stop"
    NUDGE_SETTINGS = "nudge.settings"  # the panel
    NUDGE_DID = "nudge.did"  # below a nudge
    NUDGE_NOT_TODAY = "nudge.not_today"
    NUDGE_HARDER = "nudge.harder"
    NUDGE_KEEP = "nudge.keep"
    NUDGE_FEWER = "nudge.fewer"
    NUDGE_WEEKDAYS = "nudge.weekdays"
    NUDGE_EVERY_DAY = "nudge.every_day"
    NUDGE_WEEKEND = "nudge.weekend"
    NUDGE_NO_QUIET = "nudge.no_quiet"
    NUDGE_ON = "nudge.on"  # behind a day
    NUDGE_NONE = "nudge.none"  # in place of quiet hours
    NUDGE_NOWHERE = "nudge.nowhere"  # in place of a place
    COURSE_EIGHT_WEEKS = "course.eight_weeks"
    COURSE_FOUR_WEEKS = "course.four_weeks"
    COURSE_OPEN = "course.open"
    ASK_TOMORROW = "ask_tomorrow"
    FOLLOW_UP_UPSET = "follow_up.upset"  # on a button: a number
    FOLLOW_UP_END = "follow_up.end"
    AGO_1 = "ago.1"  # "a day ago": when a walk was
    AGO_3 = "ago.3"
    AGO_7 = "ago.7"
    AGO_28 = "ago.28"
    AGO_SOME = "ago.some"
    MONTH_1 = "month.1"  # behind the number of a day
    MONTH_2 = "month.2"
    MONTH_3 = "month.3"
    MONTH_4 = "month.4"
    MONTH_5 = "month.5"
    MONTH_6 = "month.6"
    MONTH_7 = "month.7"
    MONTH_8 = "month.8"
    MONTH_9 = "month.9"
    MONTH_10 = "month.10"
    MONTH_11 = "month.11"
    MONTH_12 = "month.12"
    WEEKDAY_0 = "weekday.0"  # "Mon": a day among several, from Monday on
    WEEKDAY_1 = "weekday.1"
    WEEKDAY_2 = "weekday.2"
    WEEKDAY_3 = "weekday.3"
    WEEKDAY_4 = "weekday.4"
    WEEKDAY_5 = "weekday.5"
    WEEKDAY_6 = "weekday.6"
    WEEKDAY_LONG_0 = "weekday_long.0"  # "Monday": a day alone
    WEEKDAY_LONG_1 = "weekday_long.1"
    WEEKDAY_LONG_2 = "weekday_long.2"
    WEEKDAY_LONG_3 = "weekday_long.3"
    WEEKDAY_LONG_4 = "weekday_long.4"
    WEEKDAY_LONG_5 = "weekday_long.5"
    WEEKDAY_LONG_6 = "weekday_long.6"
    MET_NEWS = "met.news"  # one word for a walk that is kept: where the suffering was met
    MET_WORK = "met.work"
    MET_LOVED_ONE = "met.loved_one"
    MET_STRANGER = "met.stranger"
    MET_ANIMAL = "met.animal"
    MET_PRESENT = "met.present"
    MET_PLANET = "met.planet"
    MET_ONLINE_GROUP = "met.online_group"
    TOLD_OVERWHELM = "told.overwhelm"  # or, where that is not known, what was told of it
    TOLD_WAS_THERE = "told.was_there"
    TOLD_OWN_LOSS = "told.own_loss"
    TOLD_GUILT = "told.guilt"
    TOLD_NUMB = "told.numb"
    TOLD_OUTRAGE = "told.outrage"
    TOLD_HELPLESS = "told.helpless"
    TOLD_AT_WORK = "told.at_work"
    TOLD_OWN_PEOPLE = "told.own_people"
    TOLD_DIED = "told.died"
    TOLD_HEARD = "told.heard"
    TO = "to"  # between two numbers
    ENDED_LESS = "ended.less"  # care at its end
    ENDED_SAME = "ended.same"
    ENDED_MORE = "ended.more"
    FORGET_YES = "forget.yes"
    FORGET_NO = "forget.no"
    WRITE_PRIVATELY = "write_privately"
    CIRCLE_JOIN = "circle.join"
    WHAT_IT_NOTICES = "what_it_notices"
    SET_IT_UP = "set_it_up"
    WALK_PRIVATELY = "walk_privately"
    HOW_TO_HELP = "how_to_help"
    OPEN_SETTINGS = "open_settings"
    OPEN_GUIDE = "open_guide"
    OPEN_PULSE = "open_pulse"
    VERIFY = "verify"
    OPEN_MESSAGE = "open_message"
    ON_IT = "on_it"
    NOT_NOW = "not_now"
    STOP_THERE = "stop_there"
    APART = "apart"
    ROOM_SOME = "room.some"  # in place of a title that is not known
    GROUP_SETTINGS = "group_settings"  # of a group or channel, from here on
    CHANNEL_SETTINGS = "channel_settings"
    ROOM_PICK_GROUP = "room.pick_group"  # keys of a keyboard that asks Telegram
    ROOM_PICK_CHANNEL = "room.pick_channel"
    ROOM_PICK_ALERTS = "room.pick_alerts"
    ROOM_NEVER_MIND = "room.never_mind"
    ADD_GROUP = "add.group"  # links that add the bot
    ADD_CHANNEL = "add.channel"
    ADD_ADMIN = "add.admin"
    ROOM_UNNAMED = "room.unnamed"  # in place of a title
    ROOM_BACK = "room.back"
    ROOM_ON = "room.on"
    ROOM_OFF = "room.off"
    ROOM_NOTICING = "room.noticing"  # on the panel: before what it is set to, as those below
    ROOM_PAUSE = "room.pause"
    ROOM_DAYS = "room.days"
    ROOM_TIME = "room.time"
    ROOM_ZONE = "room.zone"
    ROOM_TOPIC = "room.topic"
    ROOM_ALERTS = "room.alerts"
    ROOM_TIDY = "room.tidy"
    ROOM_COUNTRIES = "room.countries"
    ROOM_LANGUAGE = "room.language"
    ROOM_GUIDE = "room.guide"
    ROOM_PULSE = "room.pulse"
    ROOM_HOLD = "room.hold"
    ROOM_RELEASE = "room.release"
    ROOM_LEAVE = "room.leave"
    ROOM_LEAVE_YES = "room.leave_yes"
    ROOM_WEEKLY = "room.weekly"
    ROOM_NO_CIRCLE = "room.no_circle"
    ROOM_TAKE_AWAY = "room.take_away"  # what is set
    NOTICING_OFF = "noticing.off"
    NOTICING_MENTIONS = "noticing.mentions"
    NOTICING_MEMBERS = "noticing.members"
    ROOM_SET = "room.set"  # in place of what is not named
    ROOM_NEVER = "room.never"
    ROOM_ENGLISH = "room.english"
    ROOM_OF_THEM = "room.of_them"  # behind a number of countries
    UNIT_DAY = "unit.day"  # behind a number
    UNIT_HOUR = "unit.hour"
    UNIT_HOURS = "unit.hours"
    UNIT_MINUTES = "unit.minutes"
    SHARE_LOCATION = "share_location"  # a key of the keyboard below the field
    KEYBOARD_HINT = "keyboard_hint"  # in the empty field, while that keyboard is open

    COUNTRY = "country"  # on a button: the name of the country
    COUNTRY_KEEP = "country.keep"
    COUNTRY_FOR_NOW = "country.for_now"
    COUNTRY_DROP = "country.drop"
    COUNTRY_OFF = "country.off"
    EMERGENCY_LOCAL = "emergency.local"  # fills {emergency} in a card where no number is known
    EMERGENCY_OFTEN = "emergency.often"  # likewise among a country's lines
    OR = "or"  # between numbers
    REACHES_AMBULANCE = "reaches.ambulance"  # behind an emergency number
    REACHES_RESCUE = "reaches.rescue"
    REACHES_POLICE = "reaches.police"
    REACHES_REGIONS = "reaches.regions"
    SERVES_YOUNG = "serves.young"  # behind the name of a line
    SERVES_VIOLENCE = "serves.violence"
    LINE_HOURS_UNKNOWN = "line.hours_unknown"
    LINE_SILENT = "line.silent"  # before the ways for someone who cannot speak aloud
    LINE_TEXT = "line.text"
    LINE_WHATSAPP = "line.whatsapp"
    LINE_CHAT = "line.chat"

    REASON_SOMEONE = "reason.someone"  # "someone else": fills what a text spoke of
    REASON_LIVING = "reason.living"
    REASON_DEATH = "reason.death"
    REASON_HARM = "reason.harm"
    REASON_SENSED = "reason.sensed"
    REASON_FEELING = "reason.feeling"
    REASON_BODY = "reason.body"
    REASON_RETURNS = "reason.returns"
    REASON_GUILT = "reason.guilt"
    REASON_SCENE = "reason.scene"
    REASON_OWN_LIFE = "reason.own_life"
    REASON_CARE = "reason.care"
    REASON_EVERYDAY = "reason.everyday"
    REASON_PLAY = "reason.play"

    COMMAND_START = "command.start"  # in Telegram's menu of commands
    COMMAND_WALK = "command.walk"
    COMMAND_CRISIS = "command.crisis"
    COMMAND_COUNTRY = "command.country"
    COMMAND_BREATHE = "command.breathe"
    COMMAND_STOP = "command.stop"
    COMMAND_HELP = "command.help"
    COMMAND_WHY = "command.why"
    COMMAND_PROGRESS = "command.progress"
    COMMAND_HISTORY = "command.history"
    COMMAND_PLAN = "command.plan"
    COMMAND_PRIVACY = "command.privacy"
    COMMAND_CONSENT = "command.consent"
    COMMAND_EXPORT = "command.export"
    COMMAND_FORGET = "command.forget"
    COMMAND_NUDGE = "command.nudge"
    COMMAND_SETTINGS = "command.settings"
    COMMAND_HOWTOHELP = "command.howtohelp"  # this one and those below are in the menu of groups
    COMMAND_GUIDE = "command.guide"
    COMMAND_PULSE = "command.pulse"
    COMMAND_HOLD = "command.hold"
    COMMAND_RELEASE = "command.release"
    COMMAND_TOPIC = "command.topic"
    COMMAND_LEAVE = "command.leave"


Filling = Label | str | tuple[Label | str, ...]
"""What fills a slot: several of these stand side by side, with no space between."""


def filled(words: Filling, labels: Mapping[Label, str]) -> str:
    """What fills a slot, as it is read."""
    if isinstance(words, tuple):
        return "".join(filled(part, labels) for part in words)
    return labels[words] if isinstance(words, Label) else words
