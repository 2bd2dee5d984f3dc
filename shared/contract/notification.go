package contract

import "time"

// NotificationRequested says that somebody is to be told something. Address and text are read by NotificationID when it is sent.
type NotificationRequested struct {
	NotificationID string    `json:"notificationId" jsonschema:"format=uuid"`
	UserID         string    `json:"userId" jsonschema:"format=uuid"`
	Channel        string    `json:"channel" jsonschema:"enum=email,enum=sms,enum=push"`
	Template       string    `json:"template" jsonschema:"minLength=1"` // key of the template
	RequestedAt    time.Time `json:"requestedAt"`
}

// EventType is notification.requested.
func (NotificationRequested) EventType() string { return "notification.requested" }

// Subject is the notification.
func (b NotificationRequested) Subject() string { return b.NotificationID }

// NotificationDelivered says that a notification arrived.
type NotificationDelivered struct {
	NotificationID string    `json:"notificationId" jsonschema:"format=uuid"`
	Channel        string    `json:"channel" jsonschema:"enum=email,enum=sms,enum=push"`
	DeliveredAt    time.Time `json:"deliveredAt"`
}

// EventType is notification.delivered.
func (NotificationDelivered) EventType() string { return "notification.delivered" }

// Subject is the notification.
func (b NotificationDelivered) Subject() string { return b.NotificationID }

// NotificationFailed says that a notification did not arrive and will not be tried again.
type NotificationFailed struct {
	NotificationID string    `json:"notificationId" jsonschema:"format=uuid"`
	Channel        string    `json:"channel" jsonschema:"enum=email,enum=sms,enum=push"`
	Reason         string    `json:"reason" jsonschema:"enum=bounced,enum=complained,enum=unsubscribed,enum=invalid_address,enum=expired,enum=other"`
	FailedAt       time.Time `json:"failedAt"`
}

// EventType is notification.failed.
func (NotificationFailed) EventType() string { return "notification.failed" }

// Subject is the notification.
func (b NotificationFailed) Subject() string { return b.NotificationID }
