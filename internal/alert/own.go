package alert

// OwnSource is the source of what Securitybot reports by itself, on somebody's
// wish. No detection system may have this name.
const OwnSource = "securitybot"

// ByHand is the source of what people report by themselves, with the console or the
// API. No detection system may have this name either.
const ByHand = "console"

// ReservedSource tells that no detection system may have a name: it is a source of
// our own, or an actor on timelines.
func ReservedSource(name string) bool {
	switch name {
	case OwnSource, ByHand, "person", "phone", "somebody_else", "peer":
		return true
	default:
		return false
	}
}

// The detections of our own.
const (
	DetectionTest      = "securitybot_test"       // a harmless alert that somebody wanted to see
	DetectionRequest   = "securitybot_request"    // something that needs a proof of who wants it
	DetectionLostPhone = "securitybot_lost_phone" // a person reported that their phone is gone
)
