package alert

// OwnSource is the source of what Securitybot reports by itself, on somebody's
// wish. No detection system may have this name.
const OwnSource = "securitybot"

// The detections of our own.
const (
	DetectionTest      = "securitybot_test"       // a harmless alert that somebody wanted to see
	DetectionRequest   = "securitybot_request"    // something that needs a proof of who wants it
	DetectionLostPhone = "securitybot_lost_phone" // a person reported that their phone is gone
)
