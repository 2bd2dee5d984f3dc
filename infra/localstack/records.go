package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/contract"
)

// consumer is the one whose queue gets a bad record: projectprofile enrols the participants of sessions.
const consumer = "projectprofile"

// records sends a batch of three events of which one cannot be worked yet, its participant being unknown to the database. The other two
// are worked once; that one is tried again alone until it lies among the dead letters. With the cause cured, it is redriven.
func (j *journey) records(ctx context.Context) error {
	client := sqs.NewFromConfig(j.emulator.config)
	live, dead, err := j.queues(ctx, client)
	if err != nil {
		return err
	}
	known, unknown := []string{uuid.NewString(), uuid.NewString()}, uuid.NewString()
	for _, person := range known {
		err = j.meet(ctx, person)
		if err != nil {
			return err
		}
	}
	restore, err := j.hurry(ctx, client, live)
	if err != nil {
		return err
	}
	defer func() { _ = restore() }()
	var batch []types.SendMessageBatchRequestEntry
	for i, person := range []string{known[0], unknown, known[1]} {
		raw, err := json.Marshal(j.held(person))
		if err != nil {
			return err
		}
		batch = append(batch, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(string(raw))})
	}
	_, err = client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &live, Entries: batch})
	if err != nil {
		return fmt.Errorf("send three events: %w", err)
	}
	err = await(ctx, 60*time.Second, "the two good records", func() error { return j.enrolled(ctx, known...) })
	if err != nil {
		return err
	}
	pass("two good records of the batch were worked")
	err = await(ctx, 120*time.Second, "the bad record among the dead letters", func() error {
		waiting, err := depth(ctx, client, dead)
		if err == nil && waiting != 1 {
			err = fmt.Errorf("%d dead letters", waiting)
		}
		return err
	})
	if err != nil {
		return err
	}
	pass("the bad one, tried five times, is the only dead letter")
	if j.enrolled(ctx, unknown) == nil {
		return fmt.Errorf("the bad record was worked after all")
	}
	err = j.meet(ctx, unknown)
	if err != nil {
		return err
	}
	err = redrive(ctx, client, live, dead)
	if err != nil {
		return err
	}
	err = await(ctx, 60*time.Second, "the redriven record", func() error { return j.enrolled(ctx, unknown) })
	if err != nil {
		return err
	}
	pass("its cause cured and redriven, it was worked too")
	return restore()
}

// queues are the addresses of the consumer's queue and of its dead letters.
func (j *journey) queues(ctx context.Context, client *sqs.Client) (live, dead string, err error) {
	for name, address := range map[string]*string{consumer: &live, consumer + "-dead": &dead} {
		found, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(stack + "-" + name)})
		if err != nil {
			return "", "", fmt.Errorf("find the queue %s: %w", name, err)
		}
		*address = aws.ToString(found.QueueUrl)
	}
	return live, dead, nil
}

// hurry makes a failed record come again after a second instead of nine minutes, and gives the way back.
func (j *journey) hurry(ctx context.Context, client *sqs.Client, queue string) (func() error, error) {
	name := string(types.QueueAttributeNameVisibilityTimeout)
	was, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameVisibilityTimeout}})
	if err != nil {
		return nil, err
	}
	set := func(ctx context.Context, seconds string) error {
		_, err := client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &queue, Attributes: map[string]string{name: seconds}})
		return err
	}
	pass("for this part alone a failed record comes again after 1 s, not %s s", was.Attributes[name])
	return func() error { return set(context.WithoutCancel(ctx), was.Attributes[name]) }, set(ctx, "1")
}

// held is the event that a session with participant was held.
func (j *journey) held(participant string) contract.Event {
	at := j.on(22, 10)
	return contract.Cause{ID: uuid.NewString(), Company: j.company, At: at}.Then(contract.KintellSessionCompleted{
		SessionID: uuid.NewString(), SessionType: "language", ParticipantID: participant, VolunteerID: uuid.NewString(),
		ScheduledAt: at, CompletedAt: at.Add(time.Hour), DurationMinutes: 60,
	})
}

// meet makes participant known to the database.
func (j *journey) meet(ctx context.Context, participant string) error {
	return j.database(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "INSERT INTO users (id, status) VALUES ($1, 'pending')", participant)
		return err
	})
}

// enrolled is an error unless each participant is enrolled, exactly once.
func (j *journey) enrolled(ctx context.Context, participants ...string) error {
	return j.database(ctx, func(conn *pgx.Conn) error {
		count := 0
		err := conn.QueryRow(ctx, "SELECT count(*) FROM program_enrollments WHERE company_id = $1 AND user_id = ANY($2)", j.company, participants).Scan(&count)
		if err == nil && count != len(participants) {
			err = fmt.Errorf("%d of %d are enrolled", count, len(participants))
		}
		return err
	})
}

func (j *journey) database(ctx context.Context, use func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, j.outside.owner)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return use(conn)
}

func depth(ctx context.Context, client *sqs.Client, queue string) (int, error) {
	got, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages}})
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(got.Attributes[string(types.QueueAttributeNameApproximateNumberOfMessages)])
}

// redrive hands the dead letters back to their queue, as infra/runbooks/dead-letters.md does; where the emulator cannot move them itself,
// one by one.
func redrive(ctx context.Context, client *sqs.Client, live, dead string) error {
	found, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &dead, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		return err
	}
	_, err = client.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(found.Attributes[string(types.QueueAttributeNameQueueArn)])})
	if err == nil {
		pass("redrive by StartMessageMoveTask")
		return nil
	}
	gap("the emulator has no StartMessageMoveTask: dead letters are received, sent and deleted one by one")
	letters, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &dead, MaxNumberOfMessages: 10, WaitTimeSeconds: 5})
	if err != nil {
		return err
	}
	if len(letters.Messages) == 0 {
		return fmt.Errorf("no dead letter to redrive")
	}
	for _, letter := range letters.Messages {
		_, err = client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &live, MessageBody: letter.Body})
		if err != nil {
			return err
		}
		_, err = client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &dead, ReceiptHandle: letter.ReceiptHandle})
		if err != nil {
			return err
		}
	}
	return nil
}

// history is what CloudFormation did to one resource, newest first.
func (e emulator) history(ctx context.Context, logical string) ([]string, error) {
	pages := cloudformation.NewDescribeStackEventsPaginator(cloudformation.NewFromConfig(e.config), &cloudformation.DescribeStackEventsInput{StackName: aws.String(stack)})
	var states []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the stack's events: %w", err)
		}
		for _, event := range page.StackEvents {
			if aws.ToString(event.LogicalResourceId) == logical {
				states = append(states, string(event.ResourceStatus))
			}
		}
	}
	return states, nil
}

// relay leaves an event in the outbox, as a process does that dies between its commit and its publishing, and sends the message of the
// template's daily schedule.
func (j *journey) relay(ctx context.Context) error {
	person := uuid.NewString()
	err := j.meet(ctx, person)
	if err != nil {
		return err
	}
	told := j.held(person)
	raw, err := json.Marshal(told)
	if err != nil {
		return err
	}
	err = j.database(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "INSERT INTO outbox (company_id, cause_id, envelope) VALUES ($1, $2, $3)", j.company, told.Metadata.CausationID, string(raw))
		return err
	})
	if err != nil {
		return err
	}
	client := sqs.NewFromConfig(j.emulator.config)
	for _, schedule := range j.template.Schedules {
		fed, _ := j.template.Queue(schedule.Queue)
		queue, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(stack + "-" + fed.Name)})
		if err != nil {
			return fmt.Errorf("find the queue of %s: %w", schedule.ID, err)
		}
		_, err = client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String(schedule.Input)})
		if err != nil {
			return fmt.Errorf("send what %s sends: %w", schedule.ID, err)
		}
	}
	err = await(ctx, 60*time.Second, "the event left in the outbox", func() error { return j.enrolled(ctx, person) })
	if err != nil {
		return err
	}
	pass("the daily message made relayoutbox publish it, and its consumer worked it")
	return j.database(ctx, func(conn *pgx.Conn) error {
		left := 0
		err := conn.QueryRow(ctx, "SELECT count(*) FROM outbox").Scan(&left)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d events are left in the outbox", left)
		}
		return err
	})
}
